module stowbook.test/goregex

go 1.26
