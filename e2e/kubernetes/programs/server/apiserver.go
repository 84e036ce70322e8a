package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/kubernetes/pkg/controlplane/apiserver/options"
	generic "k8s.io/kubernetes/pkg/controlplane/apiserver/samples/generic/server"
)

const (
	readyPoll   = 20 * time.Millisecond
	readyWithin = 60 * time.Second
	// What requests and watches under way get when the server ends.
	drainWithin = 2 * time.Second
)

// servedFiles are the files the caller provides.
type servedFiles struct{ certificate, key, tokens string }

type apiServer struct {
	url string
	// loopback may do everything; it is for the controllers in this process.
	loopback *rest.Config
	run      func(ctx context.Context) error
}

func newAPIServer(ctx context.Context, files servedFiles, data string, port int, etcd string) (*apiServer, error) {
	// SECURITY: loopback only. A test server is no service to the network.
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	chosen, err := newOptions(files, data, listener, etcd)
	if err != nil {
		return nil, err
	}
	completed, err := chosen.Complete(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return nil, utilerrors.NewAggregate(errs)
	}
	config, err := generic.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	// With several servers each CRD waits 5 s, until all of them may be expected to know it. The sample assumes three.
	config.APIExtensions.ExtraConfig.MasterCount = 1
	completedConfig, err := config.Complete()
	if err != nil {
		return nil, err
	}
	chain, err := generic.CreateServerChain(completedConfig)
	if err != nil {
		return nil, err
	}
	chain.GenericAPIServer.ShutdownTimeout = drainWithin
	prepared, err := chain.PrepareRun()
	if err != nil {
		return nil, err
	}
	return &apiServer{
		url:      "https://" + listener.Addr().String(),
		loopback: rest.CopyConfig(chain.GenericAPIServer.LoopbackClientConfig),
		run:      prepared.Run,
	}, nil
}

func newOptions(files servedFiles, data string, listener net.Listener, etcd string) (*options.Options, error) {
	o := generic.NewOptions()

	address := listener.Addr().(*net.TCPAddr)
	o.SecureServing.Listener = listener
	o.SecureServing.BindAddress, o.SecureServing.BindPort = address.IP, address.Port
	o.SecureServing.ExternalAddress = address.IP
	o.SecureServing.ServerCert.CertKey.CertFile = files.certificate
	o.SecureServing.ServerCert.CertKey.KeyFile = files.key
	// SECURITY: the same floor as every other server of the project.
	o.SecureServing.MinTLSVersion = "VersionTLS13"
	o.GenericServerRunOptions.AdvertiseAddress = address.IP
	o.GenericServerRunOptions.ShutdownWatchTerminationGracePeriod = drainWithin
	o.Features.EnableProfiling = false

	o.Etcd.StorageConfig.Transport.ServerList = []string{etcd}

	// SECURITY: nobody without a token, and nothing beyond what RBAC grants its user.
	o.Authentication.Anonymous.Allow = false
	o.Authentication.TokenFile.TokenFile = files.tokens
	o.Authorization.Modes = []string{"RBAC"}

	// Service accounts are part of the API, so their tokens need a key, although no test uses one.
	serviceAccountKey := filepath.Join(data, "service-account-key.pem")
	if err := writeNewKey(serviceAccountKey); err != nil {
		return nil, err
	}
	o.ServiceAccountSigningKeyFile = serviceAccountKey
	o.Authentication.ServiceAccounts.Issuers = []string{"https://kubernetes.default.svc"}
	o.Authentication.ServiceAccounts.KeyFiles = []string{serviceAccountKey}
	return o, nil
}

func writeNewKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	pem, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return keyutil.WriteKey(path, pem)
}

// waitUntilReady returns once the server says that it is ready and the namespace that the tests use exists.
func waitUntilReady(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, readyPoll, readyWithin, true, func(ctx context.Context) (bool, error) {
		if client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() != nil {
			return false, nil
		}
		_, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceDefault, metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the API server did not become ready: %w", err)
	}
	return nil
}
