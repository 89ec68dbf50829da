using AfsLike.Common.Model;

namespace AfsLike.Vice.Locks;

/// <summary>A client, as it stays over its reconnections and the starts of its daemon.</summary>
public readonly record struct LockClient(string Host, ulong Instance);

/// <summary>Whom a lock belongs to: a process of a client (fcntl) or an open file of it (flock). The two kinds know nothing of each other.</summary>
/// <param name="Number">The client's own.</param>
public readonly record struct LockOwner(LockClient Client, ulong Number, bool WholeFile);

/// <summary>Who stands in the way, and with what.</summary>
public readonly record struct Conflict(LockOwner Owner, uint Pid, LockRange Range);

/// <summary>A wait that is over: the lock is its owner's.</summary>
public readonly record struct Granted(LockClient Client, ulong Ticket);
