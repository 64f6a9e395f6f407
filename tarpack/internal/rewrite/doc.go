// Package rewrite makes an archive from layers: archives and directory trees that are merged path
// by path.
//
// [Edit] changes an archive, which is the first layer. A caller without such an archive fills in a
// [Rewrite] and calls [Rewrite.Write]. In both cases Choose decides for each path which layer's
// entry goes into the result. A [Merger] walks the layers in the order of packing, while a lister
// reads directories ahead of it. Content that is already in an archive is copied, not compressed.
package rewrite
