namespace AfsLike.Vice.Admin;

/// <summary>A machine of the cell as last heard of.</summary>
/// <param name="LastSeen">Nanoseconds since 1970: when a session of it last began or ended.</param>
public sealed record HostRecord(string Name, string System, uint Processors, long LastSeen);
