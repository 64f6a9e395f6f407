package getpage

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// offer is something that can be downloaded.
type offer struct {
	Label string       // for people
	Href  template.URL // with the entity tag, so that it never leads to another content
	Size  string
	Exact string

	name string // to save it under
	node plan.Node
	url  string // the whole Href
	any  string // the same without the entity tag: whatever is there
}

// sum is a checksum.
type sum struct{ Label, Value string }

// offer adds what a reference from the folder leads to.
func (d *page) offer(label, ref string, n *plan.Node) *offer {
	tagged := "&etag=" + plan.EntityTag(n)
	if !strings.Contains(ref, "?") {
		tagged = "?list" + tagged
	}
	d.Offers = append(d.Offers, offer{Label: label, Href: template.URL("./" + ref + tagged),
		Size: d.Bytes(n.Size), Exact: d.Count(n.Size, d.Byte), name: n.Name, node: *n,
		url: d.Base + ref + tagged, any: d.Base + ref})
	return &d.Offers[len(d.Offers)-1]
}

// file sets the page of a file in a folder. It returns false if it is something else.
func (g *Getter) file(d *page, v *browse.View, dir, name string) (bool, error) {
	n, err := g.planner.File(v.View, strings.TrimPrefix(dir+"/"+name, "/"))
	if err != nil || n.Kind != plan.File {
		return false, err
	}
	n.Name = name[strings.LastIndexByte(name, '/')+1:]
	d.named(d.Get.File, n.Name)
	o := d.offer(listing.Readable(n.Name), string(plan.AppendHref(nil, name)), &n)
	d.URL = o.any
	d.Commands = []command{{d.Get.Resume, curl(o.url, n.Name)}, {d.Get.Wget, wget(o.url, n.Name)}}
	if sha256, xxh64, crc := sums(&n); xxh64 != "" {
		d.Sums = append(d.Sums, sum{"xxHash64", xxh64}, sum{"CRC-32", crc})
		if sha256 != "" {
			d.checked(sha256, n.Name)
		}
	}
	return true, nil
}

// checked adds the SHA-256 of what is downloaded first, and the command that compares it.
func (d *page) checked(sha256, name string) {
	d.Sums = append([]sum{{"SHA-256", sha256}}, d.Sums...)
	d.Commands = append(d.Commands, command{d.Get.Check, check(sha256, name)})
}

// sums returns the checksums of a content, each "" if it is not known.
func sums(n *plan.Node) (sha256, xxh64, crc string) {
	if n.SHA256 != [32]byte{} {
		sha256 = fmt.Sprintf("%x", n.SHA256)
	}
	if n.Coding != plan.Plain {
		xxh64, crc = fmt.Sprintf("%016x", n.Hash), fmt.Sprintf("%08x", n.CRC)
	}
	return sha256, xxh64, crc
}

// folder sets the page of a folder, or of some entries of it. It returns false if no archive has
// the folder.
func (d *page) folder(
	v *browse.View, path string, c *choice.Choice, chosen bool,
) (bool, error) {
	formats, more := plan.Formats, ""
	if chosen {
		formats, more = formats[:2], c.Query()
	}
	for _, format := range formats {
		n, err := v.Download(path, format, more)
		if err != nil {
			return false, err
		}
		if n.Kind != plan.Download {
			continue
		}
		ref := "?list&download=" + format
		if chosen {
			ref += "&" + more
		}
		d.describe(format, d.offer(d.label(format), ref, &n), chosen)
	}
	above, err := v.Above(path)
	if err != nil || len(d.Offers) == 0 {
		return false, err
	}
	if !chosen { // the names in both formats are those of the archive
		above = ""
	}
	if above != "" {
		d.Note = listing.Fill(d.Get.Paths, listing.Readable(above)+"/")
	}
	d.Commands = append(d.Commands, command{d.Get.Unpack, untar(d.URL, above)})
	return true, nil
}

// label returns the text of the link to a format.
func (d *page) label(format string) string {
	if text := d.Get.Beside[format]; text != "" {
		return text + " (." + format + ")"
	}
	return "." + format
}

// describe sets what is known of a download of a folder.
func (d *page) describe(format string, o *offer, chosen bool) {
	curls := command{d.Get.Resume, curl(o.url, o.name)}
	switch format {
	case "tar.gz":
		kind := d.Get.Folder
		if chosen {
			kind = d.Get.Selection
		}
		d.named(kind, strings.TrimSuffix(o.name, ".tar.gz"))
		d.URL = o.any
		d.Commands = append(d.Commands, curls, command{d.Get.Wget, wget(o.url, o.name)})
		if sha256, _, _ := sums(&o.node); sha256 != "" {
			d.checked(sha256, o.name)
		} else {
			d.Commands = append(d.Commands, command{d.Get.Test, "gzip -t " + local(o.name)})
		}
	case "zip":
		d.Commands = append(d.Commands, command{curls.Label + " (.zip)", curls.Line},
			command{d.Get.Test + " (.zip)", "unzip -tq " + local(o.name)})
	case "tpi":
		d.Sums = append(d.Sums, sum{d.Get.ArchiveDigest, fmt.Sprintf("%016x", ^o.node.Hash)})
	case "sum":
		d.Commands = append(d.Commands, command{d.Get.CheckSigned, "curl -fL " + quote(o.url) +
			" | sha256sum -c"})
	}
}
