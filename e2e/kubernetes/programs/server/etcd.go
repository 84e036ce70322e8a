package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const etcdStartsWithin = 30 * time.Second

type embeddedEtcd struct {
	*embed.Etcd
	endpoint string
}

// startEtcd starts a single member that listens on sockets inside the data folder and nowhere else.
func startEtcd(ctx context.Context, data string) (*embeddedEtcd, error) {
	// SECURITY: etcd asks nobody for a token; only those who may enter the data folder reach these sockets.
	client := url.URL{Scheme: "unix", Path: filepath.Join(data, "etcd.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(data, "peer.sock")}

	config := embed.NewConfig()
	config.Dir = filepath.Join(data, "etcd")
	config.ListenClientUrls, config.ListenPeerUrls = []url.URL{client}, []url.URL{peer}
	// These have to name a host and a port. There is no other member, and no other client, that could dial them.
	config.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2379"}}
	config.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.EnableGRPCGateway = false
	// The data dies with the test; nothing is ever read back after a crash.
	config.UnsafeNoFsync = true
	config.LogLevel = "error"
	config.LogOutputs = []string{"stderr"}

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return &embeddedEtcd{etcd, client.String()}, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(etcdStartsWithin):
		err = errors.New("not ready in time")
	}
	etcd.Close()
	return nil, fmt.Errorf("etcd: %w", err)
}
