module example.org/jcsdk/reset

go 1.19
