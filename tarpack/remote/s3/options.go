// Package s3 is the object.Store of objects in S3 and in stores that speak its protocol. It is the
// only package that knows the library for it.
//
//	client.go       New; credentials.go finds the keys
//	store.go        reads objects
//	list.go         names of objects
//	target.go       writes objects
//	minimal.go      instead of all these, with the build tag minimal: every URL is refused
package s3

// Options are the options of New. The zero value, or nil, is usable: Amazon's S3, with the
// credentials that its own tools would use.
type Options struct {
	// Endpoint is the URL of the server, such as https://storage.example.com:9000. "" means Amazon. A
	// host without a scheme is asked by https.
	Endpoint string
	// Region is that of the buckets. "" means that of the endpoint, us-east-1 otherwise, and another
	// one if the server names it.
	Region string
	// PathStyle puts the bucket into the path of URLs. Otherwise it is in the host name for Amazon and
	// Google, and in the path for others.
	PathStyle bool
	// AccessKey, SecretKey and SessionToken are static credentials.
	AccessKey, SecretKey, SessionToken string
	// Profile is the name of a profile in the files of Amazon's tools. It has no effect with
	// AccessKey.
	Profile string
	// Anonymous sends requests without credentials. Otherwise, without AccessKey and Profile, they
	// come from the environment, the default profile, or the role of the machine; if there are none,
	// requests are sent without.
	Anonymous bool
	// CAFile is the name of a PEM file with the certificates that are trusted, instead of those of the
	// system.
	CAFile string
	// Requests bounds the parallel requests to the server. 0 means 16.
	Requests int

	roleEndpoint string // of the service that gives a machine its credentials, in tests
}
