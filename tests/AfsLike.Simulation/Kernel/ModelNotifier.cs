using AfsLike.Common.Model;
using AfsLike.Simulation.Faults;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// AfsLike.Fuse/Notifier/KernelNotifier over the model: what may wait for a lock on the patient lane, no longer than <see cref="IKernelNotifier.Patience"/>, then
/// everything on the prompt lane; the barrier for inodes that a reply under way is about to bring; pages on a lane of their own.
/// </summary>
internal sealed class ModelNotifier : IKernelNotifier
{
    public const int PatientThreads = 4;
    public const int PageThreads = 2;

    private static readonly FileName s_barrier = FileName.From("\u0001");

    private readonly KernelNotices _notices;
    private readonly SharedTable _table;
    private readonly QuietNodes _quiet;
    private readonly TimeProvider _time;
    private readonly NoticeLane _patient;
    private readonly NoticeLane _pages;
    private readonly NoticeLane _prompt;
    private readonly Dictionary<NodeId, Notice> _pagesWaiting = [];
    private readonly Dictionary<NodeId, int> _underWay = [];

    public ModelNotifier(
        KernelNotices notices, SharedTable table, QuietNodes quiet, SeededGap gate, SynchronizationContext kernel, TimeProvider time)
    {
        _notices = notices;
        _table = table;
        _quiet = quiet;
        _time = time;
        _patient = new NoticeLane(kernel, PatientThreads, gate.AwaitAsync);
        _pages = new NoticeLane(kernel, PageThreads, gate.AwaitAsync);
        _prompt = new NoticeLane(kernel, 1, gate.AwaitAsync);
        Gate = gate;
    }

    /// <summary>How often everything was taken back because a directory was locked for too long.</summary>
    public long Fallbacks { get; private set; }

    public PlantedFault Mistake { get; set; }

    public Action<ulong> Dropped { get; set; } = static _ => { };

    private SeededGap Gate { get; }

    public async Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending)
    {
        if (Mistake == PlantedFault.WaitsForKernelLock)
        {
            await _patient.Post(() => NamesNowAsync(directory, names)).Done;
            return TakenBack.Precisely;
        }

        if (!mutationPending)
        {
            _underWay[directory] = _underWay.GetValueOrDefault(directory) + 1;
            var isDone = await InTimeAsync(_patient.Post(() => NamesNowAsync(directory, names)), giveUp: true);
            _underWay[directory]--;
            if (isDone)
            {
                return TakenBack.Precisely;
            }
        }

        Fallbacks++;
        await _prompt.Post(async () =>
        {
            _notices.Epoch();
            await _notices.ContentsAsync(directory);
        }).Done;
        return TakenBack.WithEverything;
    }

    public bool IsTakingBack(NodeId directory) => _underWay.GetValueOrDefault(directory) > 0;

    public async Task InvalidateNodeAsync(NodeId node, bool contents)
    {
        var mustTell = _quiet.Begin(node, out var told);
        if (contents)
        {
            await InTimeAsync(PostPages(node), giveUp: false);
        }

        if (!mustTell)
        {
            await told.Task;
            return;
        }

        await AttributesAsync(node);
        told.TrySetResult();
    }

    public async Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes) => await _prompt.Post(() =>
    {
        _notices.Epoch();
        foreach (var node in _table.Nodes.Concat(nodes))
        {
            _notices.Attributes(node);
        }

        _notices.Attributes(NodeId.Root);
        return ValueTask.CompletedTask;
    }).Done;

    public Task DropPagesAsync(NodeId node) => PostPages(node).Done;

    public void DropBacking(ulong backing) => Dropped(backing);

    /// <summary>After writes through a shared mapping the kernel does not know that the times changed; said at FLUSH and RELEASE, without a lane.</summary>
    public void ForgetTimes(NodeId node) => _notices.Attributes(node);

    private async Task<bool> InTimeAsync(Notice notice, bool giveUp)
    {
        try
        {
            await notice.Done.WaitAsync(IKernelNotifier.Patience, _time);
            return true;
        }
        catch (TimeoutException)
        {
            if (giveUp)
            {
                notice.GiveUp();
            }

            return false;
        }
    }

    private async Task AttributesAsync(NodeId node)
    {
        var isKnown = true;
        await _prompt.Post(() =>
        {
            isKnown = _notices.Attributes(node);
            return ValueTask.CompletedTask;
        }).Done;
        if (!isKnown && _table.ParentOf(node) is var parent && parent != NodeId.None)
        {
            await AfterLookupsAsync(node, parent);
        }
    }

    private async ValueTask NamesNowAsync(NodeId directory, IReadOnlyList<FileName> names)
    {
        foreach (var name in names)
        {
            await _notices.EntryAsync(directory, name, expireOnly: false);
        }

        if (Mistake == PlantedFault.ListingKept)
        {
            return;
        }

        if (!await _notices.ContentsAsync(directory) && _table.ParentOf(directory) is var parent && parent != NodeId.None)
        {
            await _notices.EntryAsync(parent, s_barrier, expireOnly: true);
            await _notices.ContentsAsync(directory);
        }
    }

    private Notice PostPages(NodeId node)
    {
        if (!_pagesWaiting.TryGetValue(node, out var waiting))
        {
            waiting = _pages.Post(async () =>
            {
                _pagesWaiting.Remove(node);
                await Gate.AwaitAsync();
                await _notices.ContentsAsync(node);
            });
            _pagesWaiting[node] = waiting;
        }

        return waiting;
    }

    private async Task AfterLookupsAsync(NodeId node, NodeId parent)
    {
        var again = _patient.Post(async () =>
        {
            await _notices.EntryAsync(parent, s_barrier, expireOnly: true);
            _notices.Attributes(node);
        });
        if (!await InTimeAsync(again, giveUp: false))
        {
            Fallbacks++;
            await _prompt.Post(() =>
            {
                _notices.Epoch();
                return ValueTask.CompletedTask;
            }).Done;
        }
    }
}
