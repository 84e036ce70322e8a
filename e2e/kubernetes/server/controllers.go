package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
)

const (
	// How soon the garbage collector learns of a new CRD. A cluster takes 30 s; a test creates CRDs and goes on.
	discoverEvery    = time.Second
	namespaceResync  = 5 * time.Minute
	workers          = 2
	unlimitedQueries = -1
)

// startControllers starts what a cluster's controller manager would do for the resources that are served here: deletion
// of objects whose owners are gone, and of what is in a namespace that is being deleted.
func startControllers(ctx context.Context, loopback *rest.Config) error {
	config := rest.CopyConfig(loopback)
	config.QPS = unlimitedQueries
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}

	typed := informers.NewSharedInformerFactory(client, 0)
	factory := informerfactory.NewInformerFactory(typed, metadatainformer.NewSharedInformerFactory(metadataClient, 0))
	started := make(chan struct{})
	collector, err := garbagecollector.NewGarbageCollector(
		ctx,
		client,
		metadataClient,
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery())),
		garbagecollector.DefaultIgnoredResources(),
		factory,
		started,
	)
	if err != nil {
		return err
	}
	namespaces := namespace.NewNamespaceController(
		ctx,
		client,
		metadataClient,
		client.Discovery().ServerPreferredNamespacedResources,
		typed.Core().V1().Namespaces(),
		namespaceResync,
		corev1.FinalizerKubernetes,
	)

	factory.Start(ctx.Done())
	close(started)
	go collector.Run(ctx, workers, discoverEvery)
	go collector.Sync(ctx, client.Discovery(), discoverEvery)
	go namespaces.Run(ctx, workers)
	return nil
}
