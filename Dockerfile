# The documentation, as a web server shows it. Built by registry.yaml, with no download but busybox.
FROM busybox
WORKDIR /www
COPY README.md CHANGELOG.md ./
COPY docs ./docs
# Markdown is shown, not downloaded; the first page links to every other.
RUN printf '.md:text/plain; charset=utf-8\n' > /etc/httpd.conf \
 && { printf '<!doctype html>\n<title>gitops</title>\n<h1>gitops</h1>\n<ul>\n' \
 &&   find . -name '*.md' | sort | sed 's|^\./\(.*\)$|<li><a href="\1">\1</a></li>|' \
 &&   printf '</ul>\n'; } > index.html
EXPOSE 8000
# As process 1, httpd does not act on SIGTERM. By the time it is stopped its requests have drained.
STOPSIGNAL SIGKILL
CMD ["httpd", "-f", "-p", "8000", "-h", "/www", "-c", "/etc/httpd.conf"]
