module sallyport.dev/e2e/network

go 1.22.0
