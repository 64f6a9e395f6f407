package serve

import "time"

// SiteConfig describes the files _redirects and _headers of an archive or a directory that is
// served.
type SiteConfig struct {
	Name      string // of the archive or directory
	Redirects int    // lines of _redirects that are used
	Blocks    int    // blocks of _headers that are used
	Problems  int    // lines that are not used; Options.Log has got each of them
}

// SiteConfigs describes the files _redirects and _headers of everything that is served at present.
// Archives and directories without these files are left out.
func (s *Server) SiteConfigs() []SiteConfig {
	var list []SiteConfig
	for _, r := range s.library.SiteRules(time.Now().Unix()) {
		list = append(list, SiteConfig(r))
	}
	return list
}
