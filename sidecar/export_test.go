package sidecar

var OpenParts = openParts
