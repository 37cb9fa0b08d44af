FROM localhost:1/corpus/none:1
