using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// The session's word: breaks, trust lost, trust regained. A break is acknowledged when neither this table nor the kernel answers from what it covered;
/// nothing here waits for the server while one is being answered (RULES.md 1).
/// </summary>
internal sealed class Promises(
    TreeParts parts, NodeTable nodes, Storing storing, Locking locking, LockService locks, Claims claims, Logins logins, RecentBreaks<NodeId> takenBack) : IClientSessionEvents
{
    /// <summary>Of a directory with more names that may have changed everything is taken back at once.</summary>
    private const int MostNames = 2 * VnodeKnowledge.MostTold;

    /// <summary>
    /// How long it is until what waits for the server is tried again, unless that is connected anew before: it may have been too slow to answer in time, or full, and stay connected all the while.
    /// </summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly Knowledge _knowledge = parts.Knowledge;
    private bool _retriesLater;

    /// <summary>Completed when the mount's root is known.</summary>
    public TaskCompletionSource Rooted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Breaks of promises met so far.</summary>
    public long Broken { get; private set; }

    public async Task<BreakAnswer> OnBreakAsync(Break broken)
    {
        if (broken.Everything)
        {
            _knowledge.BreakEverything();
            await TakeEverythingBackAsync();
            return new BreakAnswer(nodes.Opened.Select(static node => node.Fid).Distinct().ToList(), []);
        }

        foreach (var fid in broken.Locks)
        {
            locks.Recalled(fid.ToModel());
        }

        var givenUp = new List<Fid>();
        var work = new List<Task>();
        foreach (var promise in broken.Promises)
        {
            Broken++;
            givenUp.AddRange(Meet(promise, work) ? [promise.Fid.ToModel()] : []);
        }

        await Joined.AllAsync(work);

        return new BreakAnswer(broken.Promises.Where(static promise => promise.Removed).Select(static promise => promise.Fid.ToModel()).Where(IsOpen).ToList(), givenUp);
    }

    public async Task OnConnectedAsync(bool promisesKept)
    {
        locks.Connected();
        await logins.BindAllAsync();
        if (!nodes.HasRoot)
        {
            var call = new Request { VolumeByName = new VolumeByNameCall { Name = "root.afs" } };
            var volume = (await parts.Server.CallWhileRecoveringAsync(call)).Volume.Volume;
            nodes.SetRoot(new Fid(new VolumeId(volume.Id), VnodeId.Root));
            Rooted.TrySetResult();
        }

        await locks.ReclaimAsync(promisesKept);
        if (!promisesKept)
        {
            await RevalidateAsync();
            await TakeEverythingBackAsync();
            storing.CatchUp();
        }

        RetryNow();
    }

    public void OnTrustLost()
    {
        parts.Log("venus: the server has not been heard for too long; nothing cached is answered from until it is");
        _ = TakeEverythingBackAsync();
    }

    public void OnJob(JobMessage message) => parts.Log("venus: the server sent a job to venus-client; it belongs to the butler");

    public void OnLockGranted(LockGranted granted) => locks.Granted(granted);

    /// <summary>Who may see what has changed on this host: everything the kernel was told is taken back.</summary>
    public async Task TakeEverythingBackAsync()
    {
        takenBack.AddEverything();
        nodes.ForgetListings();
        await parts.Kernel.InvalidateEverythingAsync(nodes.All);
    }

    /// <summary>A change of our own of which the kernel does not know that it changes what stat(2) shows; the server tells the changer of none.</summary>
    public async Task TakeAttributesBackAsync(Fid fid)
    {
        foreach (var node in nodes.Of(fid).ToList())
        {
            takenBack.Add(node.Id);
            await parts.Kernel.InvalidateNodeAsync(node.Id, contents: false);
        }
    }

    /// <summary>
    /// The caller of this change was interrupted, and others of this host go on: from now until it is done the kernel is told nothing of it for good, since the server tells the changer of no change of his own.
    /// </summary>
    public async Task DoubtAsync(Touched touched, Task done)
    {
        var doubtful = touched.Nodes.Select(nodes.TryGet).OfType<Node>().Select(node => _knowledge.Get(node.Fid)).ToList();
        doubtful.ForEach(static known => known.InDoubt++);
        SettleAsync(touched, done, doubtful);
        await TakeBackAsync(touched);
    }

    /// <summary>Nobody knows whether this was done: it is asked for again.</summary>
    public async Task TakeBackAsync(Touched touched)
    {
        foreach (var (parent, name) in touched.Names)
        {
            takenBack.Add(parent);
            Forget(nodes.TryGet(parent));
            await parts.Kernel.InvalidateNamesAsync(parent, [name], mutationPending: true); // at failure the kernel still holds the directory's lock
        }

        if (touched.Node != NodeId.None)
        {
            takenBack.Add(touched.Node);
            Forget(nodes.TryGet(touched.Node));
            await parts.Kernel.InvalidateNodeAsync(touched.Node, contents: false);
        }

        void Forget(Node? node)
        {
            if (node is not null)
            {
                _knowledge.Break(node.Fid, _knowledge.Get(node.Fid).Highest, namesUnharmed: false, null);
            }
        }
    }

    /// <summary>
    /// A vnode that has lost its last name, as it is when the answer leaves: what was closed meanwhile is not claimed, since nobody would close it again, and what was looked up and opened
    /// meanwhile is as nameless as the rest.
    /// </summary>
    private bool IsOpen(Fid removed)
    {
        foreach (var node in nodes.Of(removed))
        {
            node.IsNameless = true;
        }

        return nodes.Of(removed).Any(static node => node.Open is not null);
    }

    private async void SettleAsync(Touched touched, Task done, List<VnodeKnowledge> doubtful)
    {
        await done;
        await TakeBackAsync(touched);
        doubtful.ForEach(static known => known.InDoubt--);
    }

    /// <summary>Something waits for the server that nobody waits for.</summary>
    public async void RetryLater()
    {
        if (_retriesLater)
        {
            return;
        }

        _retriesLater = true;
        while (storing.Waiting > 0 || locking.Owed > 0)
        {
            await Task.Delay(RetryAfter, parts.Time);
            await RetryAsync();
        }

        _retriesLater = false;
    }

    /// <summary>Who is who here has changed, and what was asked in between may have been asked as somebody else.</summary>
    public Task LoginsChangedAsync()
    {
        _knowledge.ForgetRights();
        return TakeEverythingBackAsync();
    }

    private async void RetryNow() => await RetryAsync(); // a defect in it ends the daemon, and is not swallowed

    private async Task RetryAsync()
    {
        try
        {
            await storing.RetryAsync();
            await locking.RetryAsync();
            await claims.ConnectedAsync();
        }
        catch (AfsException failure)
        {
            parts.Log($"venus: stores that wait: {failure.Message}");
        }
    }

    /// <summary>
    /// What is known first, at once; then what the kernel knows. A kept promise that nobody has asked for since the break before this one is given up:
    /// then all of it goes back.
    /// </summary>
    private bool Meet(BrokenPromise promise, List<Task> work)
    {
        var fid = promise.Fid.ToModel();
        var sameData = promise.DataVersion == promise.OldDataVersion;
        var names = promise.Names.Select(name => name.ToFileName()).ToList();
        var change = names.Count == 0 ? null : new NameChange(
            new DataVersion(promise.OldDataVersion), new DataVersion(promise.DataVersion), [.. names.Select(name => (name, (NameFact?)null))]);
        var known = _knowledge.Find(fid);
        var stays = promise.Kept && known is { IsPromised: true };
        var told = stays && (names.Count > 0 || sameData) ? names : known is null ? names : known.TakeTold()?.Union(names).ToList();
        _knowledge.Break(fid, new VolumeVersion(promise.Version), sameData, change, rightsStand: stays && !promise.Rights);
        foreach (var node in nodes.Of(fid).ToList())
        {
            takenBack.Add(node.Id);
            node.IsNameless |= promise.Removed;
            work.Add(node.Kind == VnodeKind.Directory
                ? TakeDirectoryBackAsync(node, told, sameData, promise.Rights)
                : TakeFileBackAsync(node, sameData));
        }

        return promise.Kept && !stays;
    }

    /// <param name="told">The names to be taken back; null: all there may be.</param>
    private async Task TakeDirectoryBackAsync(Node node, IReadOnlyCollection<FileName>? told, bool sameData, bool rights)
    {
        if (rights || told is null || told.Count > MostNames)
        {
            await TakeEverythingBackAsync();
        }
        else if (told.Count == 0 && sameData)
        {
            await parts.Kernel.InvalidateNodeAsync(node.Id, contents: false);
        }
        else
        {
            var known = _knowledge.Get(node.Fid);
            var how = await parts.Kernel.InvalidateNamesAsync(node.Id, [.. told], known.OwnMutations > 0);
            if (how == TakenBack.WithEverything)
            {
                takenBack.AddEverything();
                known.ContendedUntil = parts.Time.GetTimestamp() + (long)(parts.Settings.ContendedFor.TotalSeconds * parts.Time.TimestampFrequency);
            }
        }
    }

    private async Task TakeFileBackAsync(Node node, bool sameData)
    {
        var pages = node.PagesOf is not null && node.Open?.Content is null;
        if (!sameData && node.Open is not null)
        {
            await storing.OutdatedAsync(node);
        }

        await parts.Kernel.InvalidateNodeAsync(node.Id, contents: !sameData && pages);
        node.PagesOf = sameData ? node.PagesOf : null;
    }

    /// <summary>Registers every promise held again, and gives up those whose vnodes have changed meanwhile (RULES.md 8).</summary>
    private async Task RevalidateAsync()
    {
        _knowledge.Breaks.AddEverything();
        _knowledge.ForgetRightsAlone();
        foreach (var volume in _knowledge.Promised().GroupBy(known => known.Fid.Volume))
        {
            foreach (var page in volume.Chunk(Limits.RevalidatePage))
            {
                var call = new RevalidateCall { Volume = volume.Key.Value };
                call.Held.AddRange(page.Select(known => new HeldVnode { Vnode = known.Fid.Vnode.Value, Version = known.Status!.Version.Value }));
                IReadOnlyList<ulong> changed;
                try
                {
                    changed = (await parts.Server.CallWhileRecoveringAsync(new Request { Revalidate = call })).Revalidate.Changed;
                }
                catch (AfsException failure) when (failure.Error == AfsError.UnknownVolume)
                {
                    changed = [.. page.Select(known => known.Fid.Vnode.Value)];
                }

                foreach (var vnode in changed)
                {
                    var fid = new Fid(volume.Key, new VnodeId(vnode));
                    _knowledge.Break(fid, _knowledge.Get(fid).Highest, namesUnharmed: false, null);
                }
            }
        }
    }
}
