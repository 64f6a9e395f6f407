// Package manifests checks the recipes for Kubernetes in contrib against the types of Kubernetes
// itself, and compares their parts with each other. It is a module of its own, and no part of the
// tests of every change: these types take 40 s of CPU to compile. Run it by make test-manifests.
package manifests
