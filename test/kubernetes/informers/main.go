// Informers as Kubernetes' own controllers have them, on the resources of one group: client-go's, unchanged.
//
// There are two for each resource. One holds whole objects, as controllers of a kind do. The other holds metadata only and asks for
// protobuf, as the garbage collector and the namespace controller do. The program is told where the server is on its command line;
// for each line of its input it prints a line that says what the informers hold.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

type settings struct {
	Server    string `json:"server"`
	CA        string `json:"ca"`
	Cert      string `json:"cert"`
	Key       string `json:"key"`
	Group     string `json:"group"`
	Version   string `json:"version"`
	Resources []string
}

// report is what one informer has to say.
type report struct {
	Resource string `json:"resource"`
	// Form is "objects" or "metadata".
	Form   string `json:"form"`
	Synced bool   `json:"synced"`
	// Held is what is in the cache, Told what its handlers make of the events that they were given.
	Held map[string]interface{} `json:"held"`
	Told map[string]string      `json:"told"`
	// Lists says how often everything was asked for, and Watches how often for what comes after.
	Lists   int `json:"lists"`
	Watches int `json:"watches"`
	// Wrong are events that no informer may tell.
	Wrong []string `json:"wrong"`
}

// listener keeps what the handlers of an informer are told, and counts what the informer asks.
type listener struct {
	mutex   sync.Mutex
	told    map[string]string
	lists   int
	watches int
	wrong   []string
}

type watched struct {
	resource, form string
	informer       cache.SharedIndexInformer
	listener       *listener
}

func main() {
	var given settings
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	config := &rest.Config{
		Host: given.Server,
		TLSClientConfig: rest.TLSClientConfig{
			CAData: []byte(given.CA), CertData: []byte(given.Cert), KeyData: []byte(given.Key),
		},
		QPS: 1000, Burst: 1000,
	}
	objects := dynamic.NewForConfigOrDie(config)
	partial := metadata.NewForConfigOrDie(config)
	stop := make(chan struct{})
	var all []watched
	for _, resource := range given.Resources {
		kind := schema.GroupVersionResource{Group: given.Group, Version: given.Version, Resource: resource}
		whole, some := objects.Resource(kind), partial.Resource(kind)
		all = append(all,
			watch1(resource, "objects", &unstructured.Unstructured{}, stop,
				func(o metav1.ListOptions) (runtime.Object, error) { return whole.List(context.TODO(), o) },
				func(o metav1.ListOptions) (watch.Interface, error) { return whole.Watch(context.TODO(), o) }),
			watch1(resource, "metadata", &metav1.PartialObjectMetadata{}, stop,
				func(o metav1.ListOptions) (runtime.Object, error) { return some.List(context.TODO(), o) },
				func(o metav1.ListOptions) (watch.Interface, error) { return some.Watch(context.TODO(), o) }))
	}
	output := bufio.NewWriter(os.Stdout)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		reports := []report{}
		for _, one := range all {
			reports = append(reports, one.report())
		}
		text, err := json.Marshal(reports)
		if err != nil {
			panic(err)
		}
		output.Write(text)
		output.WriteByte('\n')
		output.Flush()
	}
	close(stop)
}

// watch1 starts an informer that resyncs often, so that handlers are told again what they know.
func watch1(
	resource, form string,
	example runtime.Object,
	stop <-chan struct{},
	list func(metav1.ListOptions) (runtime.Object, error),
	follow func(metav1.ListOptions) (watch.Interface, error),
) watched {
	heard := &listener{told: map[string]string{}, wrong: []string{}}
	source := &cache.ListWatch{
		ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
			heard.count(&heard.lists)
			return list(options)
		},
		WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
			heard.count(&heard.watches)
			return follow(options)
		},
	}
	informer := cache.NewSharedIndexInformer(source, example, 10*time.Second, cache.Indexers{})
	informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(added interface{}) { heard.added(added) },
		UpdateFunc: func(before, after interface{}) { heard.updated(before, after) },
		DeleteFunc: func(deleted interface{}) { heard.deleted(deleted) },
	})
	go informer.Run(stop)
	return watched{resource, form, informer, heard}
}

func (one watched) report() report {
	result := report{
		Resource: one.resource, Form: one.form, Synced: one.informer.HasSynced(),
		Held: map[string]interface{}{}, Told: map[string]string{},
	}
	for _, held := range one.informer.GetStore().List() {
		if object, whole := held.(*unstructured.Unstructured); whole {
			result.Held[keyOf(held)] = object.Object
		} else {
			result.Held[keyOf(held)] = map[string]interface{}{"metadata": held.(*metav1.PartialObjectMetadata).ObjectMeta}
		}
	}
	one.listener.mutex.Lock()
	defer one.listener.mutex.Unlock()
	for key, version := range one.listener.told {
		result.Told[key] = version
	}
	result.Lists, result.Watches = one.listener.lists, one.listener.watches
	result.Wrong = append([]string{}, one.listener.wrong...)
	return result
}

func (heard *listener) count(what *int) {
	heard.mutex.Lock()
	defer heard.mutex.Unlock()
	*what++
}

func (heard *listener) added(object interface{}) {
	heard.mutex.Lock()
	defer heard.mutex.Unlock()
	key := keyOf(object)
	if _, known := heard.told[key]; known {
		heard.complain("%s was added twice", key)
	}
	heard.told[key] = versionOf(object)
}

func (heard *listener) updated(before, after interface{}) {
	heard.mutex.Lock()
	defer heard.mutex.Unlock()
	key := keyOf(after)
	if known := heard.told[key]; known != versionOf(before) {
		heard.complain("%s was updated from %s, and was %q", key, versionOf(before), known)
	}
	older, _ := strconv.ParseUint(versionOf(before), 10, 64)
	newer, _ := strconv.ParseUint(versionOf(after), 10, 64)
	if newer < older {
		heard.complain("%s went back from %d to %d", key, older, newer)
	}
	heard.told[key] = versionOf(after)
}

func (heard *listener) deleted(object interface{}) {
	heard.mutex.Lock()
	defer heard.mutex.Unlock()
	key := keyOf(object)
	if _, known := heard.told[key]; !known {
		heard.complain("%s was deleted, and was not there", key)
	}
	delete(heard.told, key)
}

func (heard *listener) complain(format string, details ...interface{}) {
	heard.wrong = append(heard.wrong, fmt.Sprintf(format, details...))
}

// keyOf understands what is told of objects whose end was missed, too.
func keyOf(object interface{}) string {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
	if err != nil {
		panic(err)
	}
	return key
}

func versionOf(object interface{}) string {
	return object.(metav1.Object).GetResourceVersion()
}
