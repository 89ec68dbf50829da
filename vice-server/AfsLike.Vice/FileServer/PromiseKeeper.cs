using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Callbacks;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>Where the promise table meets the sessions: what it says must be broken is put on their streams, in the order of commits.</summary>
public sealed class PromiseKeeper(VolumeSet volumes, int perHolder = PromiseTable.PerHolder)
{
    private readonly PromiseTable _table = new(perHolder);
    private readonly Dictionary<Holder, ServerSession> _sessions = [];
    private readonly Unanswered _unanswered = new();

    /// <summary>Promises in force.</summary>
    public int Count => _table.Count;

    /// <summary>Breaks put on streams since the start: one for each vnode and client.</summary>
    public long Broken { get; private set; }

    public bool Holds(Client client, Fid fid) => _table.Holds(client.Holder, fid);

    /// <summary>To be called before what the promise covers is read.</summary>
    public void Register(Client client, Fid fid)
    {
        _sessions[client.Holder] = client.Session;
        if (_table.Register(client.Holder, fid) is { } given)
        {
            _ = _unanswered.WatchAsync([given], client.Holder, client.Session.BreakAsync([GivenUp(given)]));
            Broken++;
        }
    }

    /// <summary>
    /// Puts the breaks for a committed change on the streams of all holders but the one who made it, one message for each. Completes when
    /// each has acknowledged or its lease is over. Who was told of an earlier change and has not acknowledged it may
    /// hold no promise any more, and still answers with the state before both: that is waited for too.
    /// </summary>
    /// <param name="open">Told at once who says that it has open what has lost its last name, whatever the others do.</param>
    public async Task BreakAsync(Client? mutator, VolumeId volume, Applied applied, Func<ulong, Fid, Task> open)
    {
        var noted = _table.Now;
        var earlier = applied.Changes.SelectMany(change => _unanswered.Of(new Fid(volume, change.Vnode), mutator?.Holder)).ToArray();
        var messages = new SortedDictionary<Holder, List<BrokenPromise>>();
        foreach (var change in applied.Changes)
        {
            var fid = new Fid(volume, change.Vnode);
            BrokenPromise? broken = null;
            foreach (var holder in _table.Break(fid, mutator?.Holder, IsKept(change)))
            {
                broken ??= Describe(fid, applied.Version, change, withNames: true);
                if (!messages.TryGetValue(holder, out var message))
                {
                    messages.Add(holder, message = []);
                }

                message.Add(MayHearNames(volume, holder) ? broken : Describe(fid, applied.Version, change, withNames: false));
                Broken++;
            }
        }

        var waits = messages
            .Select(message => (Holder: message.Key, Session: _sessions[message.Key], Said: Send(message.Key, message.Value)))
            .ToArray();
        await Joined.AllAsync([.. waits.Select(wait => AnsweredAsync(wait.Holder, wait.Session, wait.Said)), .. earlier]);

        async Task AnsweredAsync(Holder holder, ServerSession session, Task<BreakAnswer> said)
        {
            var answer = await said;
            foreach (var fid in answer.GivenUp)
            {
                _table.Release(holder, fid, noted);
            }

            foreach (var fid in answer.OpenHere)
            {
                await open(session.Instance, fid);
            }
        }
    }

    /// <summary>Completes when the clients of a host have said that they trust nothing they hold any more, or their leases are over.</summary>
    public Task BreakEverythingAsync(string host) =>
        Joined.AllAsync([.. _sessions.Values.Where(session => session.Host == host).Select(static session => session.BreakEverythingAsync())]);

    /// <summary>The client's lease is over.</summary>
    public void Forget(Client client)
    {
        _table.Forget(client.Holder);
        _sessions.Remove(client.Holder);
    }

    private Task<BreakAnswer> Send(Holder holder, List<BrokenPromise> broken)
    {
        var said = _sessions[holder].BreakAsync(broken);
        _ = _unanswered.WatchAsync([.. broken.Select(promise => promise.Fid.ToModel())], holder, said);
        return said;
    }

    /// <summary>A removed directory has no names left to be told of.</summary>
    private static bool IsKept(ChangedVnode change) => change is { IsDirectory: true, Removed: false };

    /// <summary>A host that a posix volume does not trust knows its root, and not what is in it.</summary>
    private bool MayHearNames(VolumeId volume, Holder holder) =>
        volumes.Find(volume) is not { IsPosix: true } posix || posix.Trusted.Contains(_sessions[holder].Host);

    private static BrokenPromise Describe(Fid fid, VolumeVersion version, ChangedVnode change, bool withNames)
    {
        var broken = new BrokenPromise
        {
            Fid = fid.ToWire(),
            Version = version.Value,
            DataVersion = change.DataVersion.Value,
            OldDataVersion = change.OldDataVersion.Value,
            Removed = change.Removed,
            Rights = change.RightsChanged,
            Kept = IsKept(change),
        };
        if (withNames && change.Names.Count <= Limits.BreakNames)
        {
            broken.Names.AddRange(change.Names.Select(name => name.ToWire()));
        }

        return broken;
    }

    /// <summary>Nothing has changed, but nothing more will be told.</summary>
    private BrokenPromise GivenUp(Fid fid)
    {
        var status = volumes.Find(fid.Volume)?.Status(fid.Vnode);
        return new BrokenPromise
        {
            Fid = fid.ToWire(),
            Version = status?.Version.Value ?? 0,
            DataVersion = status?.DataVersion.Value ?? 0,
            OldDataVersion = status?.DataVersion.Value ?? 0,
        };
    }
}
