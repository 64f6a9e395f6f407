// Package edit changes archives without compressing unchanged files again.
//
// Choose the function by what is to change:
//
//   - [Update] makes an archive equal to a directory tree.
//   - [Add] adds files and directories.
//   - [Remove] removes entries by path or by glob.
//   - [Merge] joins several archives into one.
//   - [Compact] restores path order and finds duplicates again.
//
// Each of them writes a new archive next to the old one, copies the members that stay, and renames
// the result over the old name. A failure leaves the old archive as it was. Only
// [AddOptions.Append] changes the archive in place. Two processes cannot edit an archive at once:
// the second gets an error.
//
// With DryRun nothing is written, and the [Result] describes what would change.
package edit
