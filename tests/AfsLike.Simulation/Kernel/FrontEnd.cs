using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Faults;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The daemon's side of /dev/fuse for one life of the daemon: AfsLike.Fuse without its packets. It asks the tree, looks at what a reply grants just before it is
/// written and once more after, and undoes what nobody got. All of it runs on the daemon's strand, so that it stands still, or ends, where the daemon does.
/// </summary>
internal sealed partial class FrontEnd
{
    private readonly SharedTable _table;
    private readonly SeededGap _gap;
    private readonly Action<AfsException> _refused;
    private readonly Action<Exception> _defect;
    private Strand? _strand;
    private IFileTree? _tree;
    private PlantedFault _mistake;
    private readonly List<TaskCompletionSource<Answer<Done>>> _controls = [];
    private bool _closed;

    public FrontEnd(
        InodeCache cache, SharedTable table, SynchronizationContext kernel, TimeProvider time, Random random,
        Action<AfsException> refused, Action<Exception> defect)
    {
        _table = table;
        _refused = refused;
        _defect = defect;
        _gap = new SeededGap(random);
        Quiet = new QuietNodes(time);
        Notifier = new ModelNotifier(new KernelNotices(cache), table, Quiet, _gap, kernel, time);
        Handles = new FrontEndHandles(this, cache, table);
        Notifier.Dropped = Handles.Drop;
    }

    public ModelNotifier Notifier { get; }

    public FrontEndHandles Handles { get; }

    public IFileTree Tree => _tree ?? throw new InvalidOperationException("no daemon is attached");

    private QuietNodes Quiet { get; }

    public void Attach(IFileTree tree, Strand strand, PlantedFault mistake)
    {
        (_tree, _strand, _mistake) = (tree, strand, mistake);
        Notifier.Mistake = mistake;
    }

    /// <summary>The daemon is dead: nothing it still does reaches the kernel, and its control socket is closed.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var asked in _controls.ToList())
        {
            asked.TrySetResult(AfsError.Interrupted);
        }
    }

    /// <summary>A call of the protocol by way of the daemon's control socket, as afsx makes it. Interrupted: the daemon is gone, and what became of it is not known.</summary>
    public async Task<Answer<Done>> ForwardAsync(uint uid, Request request)
    {
        var asked = new TaskCompletionSource<Answer<Done>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _controls.Add(asked);
        _strand!.Post(_ => CallAsync(), null);
        var answer = await asked.Task;
        _controls.Remove(asked);
        return answer;

        async void CallAsync()
        {
            try
            {
                await ((FileTree)Tree).ForwardAsync(uid, uid, request, CancellationToken.None);
                asked.TrySetResult(default(Done));
            }
            catch (AfsException refused)
            {
                asked.TrySetResult(refused.Error);
            }
        }
    }

    /// <summary>One request. <paramref name="write"/> hands the reply to the kernel and says whether it was wanted.</summary>
    public void Serve<T>(Func<ReplyState, Task<Answer<T>>> work, Func<Answer<T>, bool> write) =>
        _strand!.Post(_ => ServeAsync(work, write), null);

    public void Hear(Action heard) => _strand!.Post(_ => heard(), null);

    public void Forget(NodeId node, ulong count)
    {
        _table.Forget(node, count);
        Tree.Forget(node, count);
    }

    /// <summary>Notes what an entry gives away.</summary>
    public GrantPacket Entry(ReplyState reply, NodeId parent, FileName name, in Entry entry)
    {
        var known = entry.Node != NodeId.None;
        if (known)
        {
            reply.References.Add(entry.Node);
            _table.Reference(entry.Node, parent);
        }

        var packet = new GrantPacket
        {
            Node = entry.Node,
            Attributes = entry.Attributes,
            EntryValid = entry.EntryValidity == Validity.Endless,
            AttributesValid = known && entry.AttributeValidity == Validity.Endless,
            Stamp = entry.Stamp,
            Parent = parent,
            Name = name,
        };
        return Granted(reply, packet);
    }

    /// <summary>What answers a change: see AfsLike.Fuse's Grants.Made.</summary>
    public GrantPacket Made(ReplyState reply, NodeId parent, FileName name, in Entry entry) =>
        Entry(reply, parent, name, _mistake == PlantedFault.ChangeAnswerKept ? entry : entry with { AttributeValidity = Validity.None });

    public GrantPacket Attributes(ReplyState reply, NodeId node, in AttributesGrant grant) => Granted(reply, new GrantPacket
    {
        Node = node,
        Attributes = grant.Attributes,
        AttributesValid = grant.Validity == Validity.Endless && _table.Holds(node),
        Stamp = grant.Stamp,
    });

    private static GrantPacket Granted(ReplyState reply, GrantPacket packet)
    {
        if (packet.EntryValid || packet.AttributesValid)
        {
            reply.Grants.Add(packet);
        }

        return packet;
    }

    private async void ServeAsync<T>(Func<ReplyState, Task<Answer<T>>> work, Func<Answer<T>, bool> write)
    {
        var reply = new ReplyState { Revocations = _table.Revocations };
        Answer<T> answer;
        try
        {
            answer = await work(reply);
        }
        catch (AfsException failure)
        {
            _refused(failure);
            answer = failure.Error;
        }
        catch (OperationCanceledException)
        {
            answer = AfsError.Interrupted;
        }
        catch (Exception failure)
        {
            _defect(failure);
            answer = AfsError.Internal;
        }

        if (!answer.IsOk)
        {
            Undo(reply);
        }

        await WriteAsync(reply, answer, write);
    }

    /// <summary>The process may be stopped between the last look and the write: that is what the second look is for.</summary>
    private async Task WriteAsync<T>(ReplyState reply, Answer<T> answer, Func<Answer<T>, bool> write)
    {
        LookOnce(reply);
        await _gap.PassAsync();
        if (_closed)
        {
            return;
        }

        if (write(answer))
        {
            LookAgain(reply);
            if (reply.Closed is var (node, isCounted))
            {
                Handles.Closed(node, isCounted);
            }
        }
        else
        {
            Undo(reply); // the same request was sent twice, and the other answer was first
        }
    }

    private void LookOnce(ReplyState reply)
    {
        var revoked = _table.Revocations != reply.Revocations;
        for (var i = reply.Grants.Count - 1; i >= 0; i--)
        {
            var packet = reply.Grants[i];
            if (!revoked && IsGranted(packet))
            {
                packet.AttributesValid &= packet.Node == NodeId.None || !Quiet.IsQuiet(packet.Node);
                continue;
            }

            reply.Grants.RemoveAt(i);
            (packet.EntryValid, packet.AttributesValid) = (false, false);
        }
    }

    private void LookAgain(ReplyState reply)
    {
        var revoked = _table.Revocations != reply.Revocations;
        List<FileName>? names = null;
        var parent = NodeId.None;
        foreach (var packet in reply.Grants)
        {
            if (!revoked && IsGranted(packet))
            {
                continue;
            }

            if (packet.EntryValid)
            {
                (names ??= []).Add(packet.Name);
                parent = packet.Parent;
            }

            if (packet.Node != NodeId.None)
            {
                _ = Notifier.InvalidateNodeAsync(packet.Node, contents: false);
            }
        }

        if (names is not null)
        {
            _ = Notifier.InvalidateNamesAsync(parent, names, mutationPending: false);
        }
    }

    private bool IsGranted(GrantPacket packet) => _mistake == PlantedFault.OvertakenGrantKept || Tree.StillGranted(packet.Stamp);

    private void Undo(ReplyState reply)
    {
        foreach (var node in reply.References)
        {
            Forget(node, 1);
        }

        reply.References.Clear();
        reply.Grants.Clear();
        if (reply.Opened is { } handle)
        {
            reply.Opened = null;
            Handles.Abandon(handle, reply.OpenedOn);
        }
    }
}
