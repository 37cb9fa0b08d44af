# One line of work every few seconds; the trap ends it at once when it is stopped.
trap 'exit 0' TERM
while true; do
    echo "working at $(date)"
    sleep "${EVERY:-5}" &
    wait $!
done
