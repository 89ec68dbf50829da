namespace AfsLike.Fuse.Passthrough;

/// <summary>Whether reads and writes go past the daemon, and if not, why (for <c>afsx doctor</c>).</summary>
public sealed record PassthroughStatus(bool Active, string Reason);
