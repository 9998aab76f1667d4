extension String {
    /// The folder part of a path, `.` when there is none.
    var nonEmptyFolder: String { isEmpty ? "." : self }
}
