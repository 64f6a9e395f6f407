// Package deploy puts a new archive in the place of one that is served, and keeps earlier ones.
//
//	Deploy    a new archive takes the place of another one, which becomes an earlier generation
//	Rollback  an earlier generation takes the place
//	List      the generations of an archive
//
// A generation is an archive with everything that belongs to it: its index, variants, text index,
// checksums and signature. The current one has the archive's name. The others are in a directory
// beside it, so that their files keep the names that their signatures have:
//
//	site.tar.gz, site.tar.gz.tpi, …
//	.site.tar.gz.generations/
//	├─ 20261129T101500.000Z/site.tar.gz, …   an earlier generation, by the time of its deployment
//	├─ 20261130T080000.000Z/site.tar.gz, …
//	├─ current                               the time of the current one
//	├─ new/                                  is being checked
//	└─ commit/                               is taking the place
//
// A file of a generation is never written to. Earlier ones are hard links, so they cost nothing as
// long as they are the current one as well.
//
// # Crashes
//
// The directory new becomes commit by one rename. Before that nothing has changed. After it, all
// files of commit get their names, the archive first and then what belongs to it: readers refuse an
// index or a signature of another archive. If that is interrupted, the next call finishes it.
package deploy
