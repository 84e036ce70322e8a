// Command server is a Kubernetes API server for the tests: upstream's generic control plane (CRDs, RBAC, namespaces,
// Leases, and no pods), its garbage collector and namespace controller, and etcd, in one process.
//
// It listens on loopback only, keeps its data in a folder that the caller removes, prints one JSON line once it can be
// used, and ends on SIGTERM, on SIGINT, and when its standard input closes, so that it never outlives a test.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/component-base/version"
)

// endWithin bounds an orderly end: a request that never finishes must not keep the process.
const endWithin = 10 * time.Second

func main() {
	var files servedFiles
	flag.StringVar(&files.certificate, "cert", "", "PEM file of the server's certificate")
	flag.StringVar(&files.key, "key", "", "PEM file of its key")
	flag.StringVar(&files.tokens, "tokens", "", `CSV file of the tokens: token,user,uid,"group,group"`)
	data := flag.String("data", "", "folder for etcd and for keys made here")
	port := flag.Int("port", 0, "loopback port; 0 takes a free one")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(endWithin, func() {
			fmt.Fprintln(os.Stderr, "did not end in order in", endWithin)
			os.Exit(1)
		})
	})

	if err := run(ctx, files, *data, *port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, files servedFiles, data string, port int) error {
	etcd, err := startEtcd(ctx, data)
	if err != nil {
		return err
	}
	// After the API server, which writes until its last request is answered.
	defer etcd.Close()

	server, err := newAPIServer(ctx, files, data, port, etcd.endpoint)
	if err != nil {
		return err
	}
	go func() {
		if err := waitUntilReady(ctx, server.loopback); err != nil {
			return
		}
		if err := startControllers(ctx, server.loopback); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(readyLine{Event: "ready", Server: server.url, Version: version.Get().GitVersion})
	}()
	return server.run(ctx)
}

type readyLine struct {
	Event   string `json:"event"`
	Server  string `json:"server"`
	Version string `json:"version"`
}
