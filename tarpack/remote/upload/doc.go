// Package upload writes an object in a store while its bytes are made. Its size need not be known.
//
//	Write ──► part ──► part ──► …      in memory, later in temporary files
//	           │        │              several at the same time, each with retries
//	           ▼        ▼
//	         Target: an upload in parts ──► Commit: one object, visible from then on
//	                                   └──► Abort: nothing
//
// [New] returns an [Upload]. Nothing is visible before [Upload.Commit], which replaces an object of
// that name in one step. [Upload.Abort] removes what was uploaded. A process that is killed leaves
// an upload that was not completed. It is not visible, but it takes space until somebody removes
// it, such as a lifecycle rule of the bucket.
//
// What has at most one part is sent in one request by Commit.
package upload
