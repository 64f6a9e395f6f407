package plan

// storedLead is how many bytes precede the content in a gzip member of stored blocks: the member's
// header and the first block's (FORMAT.md section 1.3). Up to storedBlock bytes are one block, and
// so lie in one piece.
const (
	storedLead  = 10 + 5
	storedBlock = 65535
)

// emptyMember is a gzip member of no content (RFC 1952 §2.3).
const emptyMember = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00" + "\x00\x00\x00\x00" +
	"\x00\x00\x00\x00"

// representation plans the answer with a file: its encoding, and how much of it. The media type is
// that of path, where the file was found. The error is that of the Tree.
func (pl *Planner) representation(r *Request, t Tree, p *Plan, n Node, path string) error {
	p.Status = 200
	p.CacheControl = pl.cacheControl(path)
	whole := pl.identity.MatchBelow(path, false) // it is sent as it is, to be read by ranges
	path = pl.typePath(path, &n)
	named := !whole && pl.namedGzip(path, &n)
	form := NoGzip
	if named {
		var err error
		if form, err = t.GzipForm(n); err != nil {
			return err
		}
	}
	own := form != NoGzip
	p.Type = pl.mediaType(path, &n, own)
	p.ranges, p.vary, p.tagged = true, true, true
	p.tag = n.Hash
	modTime := n.ModTime
	if modTime <= NoTime || modTime > maxTime {
		modTime = 0
	}
	p.modTime = min(modTime, r.Now) // not later than the response (RFC 9110 §8.8.2.1)

	accept := accepts(r.AcceptEncoding, r.HasAcceptEncoding)
	var v Variants
	switch {
	case own && accept.prefersGzip() && (form == OneMember || accept[Identity] == 0):
		accept = onlyIdentity // its bytes are gzip
		p.tagSuffix = ownGzipTag
	case own && accept[Identity] > 0:
		p.inflated(r, n, modTime)
		return nil
	case !own && (named || selfCoded(path, p.Type)), n.Kind == Download:
		accept = onlyIdentity
	case !own && n.Coding != Plain && (!whole || accept[Identity] == 0):
		v = pl.variants(r, t, p, n, &accept)
	}
	packed := n.Coding != Plain && accept[Gzip] > 0
	gzip := packed && (accept[Identity] == 0 ||
		n.Coding != Stored && !whole && accept.prefersGzip())
	gzip = gzip || n.emptyGzip(&accept)
	encoding := accept.choose(&n, &v, gzip)
	if accept[encoding] == 0 {
		p.refuse(406, "406 Not Acceptable\n")
		return nil
	}
	set := pl.ranges(r, p, &n, &accept, own, modTime)
	if set != noRange {
		encoding = Identity
	}
	p.encoded(encoding, v.Dictionary)
	if !p.preconditions(r, modTime) {
		return nil
	}
	if own {
		p.Encoding = Gzip
	}
	if encoding == Identity { // other encodings have other digests, which are not known
		p.digest = n.SHA256
	}
	pl.represent(r, p, n, set, encoding, v.By[encoding])
	return nil
}

// ranges reads the request's Range into p.parts. Ranges are those of identity.
func (pl *Planner) ranges(
	r *Request, p *Plan, n *Node, accept *codingWeights, own bool, modTime int64,
) rangeSet {
	set := noRange
	var tag [maxTag]byte
	if r.Range != "" && r.Method == "GET" && accept[Identity] > 0 &&
		rangeHolds(r.IfRange, p.appendTag(tag[:0]), modTime) {
		set, p.parts = parseRanges(r.Range, n.Size, p.parts[:0])
	}
	if own && set == someRanges && len(p.parts) > 1 {
		set = noRange // the coding would apply to the whole body, and only the parts have it
	}
	return set
}

// represent makes the ranges of set, or all of a content in an encoding, the answer.
func (pl *Planner) represent(
	r *Request, p *Plan, n Node, set rangeSet, encoding Encoding, v Variant,
) {
	switch {
	case set == unsatisfiable:
		p.refuse(416, "416 Range Not Satisfiable\n")
		p.rangeSize = n.Size
	case set == someRanges && len(p.parts) > 1:
		pl.multipart(p, r, n)
	case set == someRanges:
		p.Status = 206
		p.rangeFirst, p.rangeSize = p.parts[0].Offset, n.Size
		p.content(n, p.parts[0].Offset, p.parts[0].Length)
	case encoding == Gzip && n.Coding == Plain:
		p.Length = int64(len(emptyMember))
		p.Body = Body{Kind: TextBody, Text: emptyMember}
	case encoding == Gzip:
		p.Length = n.Length
		p.Body = Body{Kind: SpanBody, Node: n, Offset: n.Offset, Length: n.Length}
	case encoding != Identity:
		p.Length = v.Length
		p.Body = Body{Kind: VariantBody, Node: n, Offset: v.Offset, Length: v.Length, Sum: v.Sum}
	default:
		p.content(n, 0, n.Size)
	}
}

// emptyGzip reports whether a content must be sent as a gzip member of no content. It has none in
// the archive.
func (n *Node) emptyGzip(accept *codingWeights) bool {
	return n.Size == 0 && accept[Gzip] > 0 && accept[Identity] == 0
}

// preconditions evaluates the request's preconditions, if it has any. It returns false if they have
// decided the answer.
func (p *Plan) preconditions(r *Request, modTime int64) bool {
	if !r.conditional() {
		return true
	}
	var tag [maxTag]byte
	switch precondition(r, p.appendTag(tag[:0]), modTime) {
	case notModified:
		p.Status, p.Type, p.ranges, p.Encoding = 304, "", false, Identity
		return false
	case failed:
		p.refuse(412, "412 Precondition Failed\n")
		return false
	}
	return true
}

// conditional reports whether the request has preconditions.
func (r *Request) conditional() bool {
	return r.IfNoneMatch != "" || r.IfModifiedSince != "" || r.IfMatch != "" ||
		r.IfUnmodifiedSince != ""
}

// content makes the bytes from offset to offset+length of a file's content the body.
func (p *Plan) content(n Node, offset, length int64) {
	p.Length = length
	switch {
	case length == 0:
		p.Body = Body{}
	case n.Coding == Stored && n.Size <= storedBlock:
		p.Body = Body{Kind: SpanBody, Node: n, Offset: n.Offset + storedLead + offset, Length: length}
	default:
		p.Body = Body{Kind: ContentBody, Node: n, Offset: offset, Length: length}
	}
}

// refuse answers with a status and a line of text instead of the file.
func (p *Plan) refuse(status int, text string) {
	p.text(status, text)
	p.ranges, p.tagged, p.modTime, p.filename, p.CacheControl = false, false, 0, "", ""
	p.Encoding, p.digest, p.announced = Identity, [32]byte{}, nil
}
