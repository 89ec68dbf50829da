using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Work;

/// <summary>The system calls of one program. Each goes through here: it is begun and ended by the clock of the history, and what it returns is held against the truth.</summary>
internal sealed class CheckedCalls(ModelProcess process, History history, Simulator simulator)
{
    private long _calls;
    private long _begun;
    private (string Name, TimeSpan Since)? _underWay;

    public ModelProcess Process { get; } = process;

    /// <summary>Calls made.</summary>
    public long Count => _calls;

    /// <summary>The call that has not ended, and since when; null when there is none, or nobody left to wait for it.</summary>
    public (string Name, TimeSpan Since)? UnderWay => Kernel.IsOver ? null : _underWay;

    private ModelKernel Kernel => Process.Kernel;

    /// <summary>When the last call began.</summary>
    public long Begun => _begun;

    public async Task<Answer<NodeAttributes>> StatAsync(FileName[] path)
    {
        var answer = await RunAsync("stat", path, () => Kernel.Attributes.StatAsync(Process, path));
        Saw(answer);
        return answer;
    }

    public async Task<Answer<ulong>> MakeAsync(FileName[] path, VnodeKind kind, uint mode, ReadOnlyMemory<byte> target = default) =>
        Changed("make", path, await RunAsync("make", path, () => Kernel.Names.MakeAsync(Process, path, kind, mode, target)));

    public async Task<Answer<ulong>> LinkAsync(FileName[] from, FileName[] to) =>
        Changed("link", to, await RunAsync("link", to, () => Kernel.Names.LinkAsync(Process, from, to)));

    public async Task<Answer<ulong>> LinkAsync(ModelFile file, FileName[] to) =>
        Changed("link", to, await RunAsync("link", to, () => Kernel.Names.LinkAsync(Process, file, to)));

    public async Task<Answer<ulong>> RemoveAsync(FileName[] path, bool isDirectory) =>
        Changed("remove", path, await RunAsync("remove", path, () => Kernel.Names.RemoveAsync(Process, path, isDirectory)));

    public async Task<Answer<ulong>> RenameAsync(FileName[] from, FileName[] to, RenameModes modes) =>
        Changed("rename", to, await RunAsync("rename", to, () => Kernel.Names.RenameAsync(Process, from, to, modes)), mustHaveChanged: Process.Changes.Count > 0);

    public async Task<Answer<NodeAttributes>> ChangeAsync(FileName[] path, AttributeChange change) =>
        Changed("setattr", path, await RunAsync("setattr", path, () => Kernel.Attributes.ChangeAsync(Process, path, change)), mustHaveChanged: false);

    public async Task<Answer<(ulong Inode, Done Done)>> SetXattrAsync(FileName[] path, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte>? value) =>
        Changed("setxattr", path, await RunAsync("setxattr", path, () => Kernel.Attributes.SetXattrAsync(Process, path, name, value)));

    public async Task<Answer<(ulong Inode, ReadOnlyMemory<byte> Value)>> GetXattrAsync(FileName[] path, ReadOnlyMemory<byte> name)
    {
        var answer = await RunAsync("getxattr", path, () => Kernel.Attributes.GetXattrAsync(Process, path, name));
        if (answer.IsOk)
        {
            history.XattrSeen(Kernel, _begun, answer.Value.Inode, name, answer.Value.Value);
        }

        return answer;
    }

    public Task<Answer<(ulong Inode, Done Done)>> AccessAsync(FileName[] path, AccessModes modes) =>
        RunAsync("access", path, () => Kernel.Attributes.AccessAsync(Process, path, modes));

    public Task<Answer<(ulong Inode, ReadOnlyMemory<byte> Target)>> ReadLinkAsync(FileName[] path) =>
        RunAsync("readlink", path, () => Kernel.Attributes.ReadLinkAsync(Process, path));

    public async Task<Answer<(ulong Inode, List<ListedName> Names)>> ListAsync(FileName[] path)
    {
        var answer = await RunAsync("list", path, () => Kernel.Listings.ListAsync(Process, path));
        if (answer.IsOk)
        {
            history.ListingSeen(Kernel, _begun, Process.Uid, answer.Value.Inode, answer.Value.Names);
        }

        return answer;
    }

    public async Task<Answer<ModelFile>> OpenAsync(FileName[] path, OpenModes modes, bool create = false, uint mode = 0x1A4)
    {
        var answer = Changed("open", path, await RunAsync("open", path, () => Kernel.Files.OpenAsync(Process, path, modes, create, mode)), mustHaveChanged: false);
        if (answer.IsOk && !create)
        {
            var needed = (modes.HasFlag(OpenModes.Read) ? Rights.Read : Rights.None) | (modes.HasFlag(OpenModes.Write) ? Rights.Write : Rights.None);
            history.Rights.MustHoldForFile(Kernel, _begun, Process.Uid, answer.Value.Inode.Attributes.Inode, needed, () => $"opened '{string.Join('/', path)}'");
        }

        return answer;
    }

    /// <summary>O_TMPFILE, in a directory.</summary>
    public async Task<Answer<ModelFile>> OpenNamelessAsync(FileName[] path, OpenModes modes) =>
        Changed("tmpfile", path, await RunAsync("tmpfile", path, () => Kernel.Files.OpenNamelessAsync(Process, path, modes)));

    public Task<Answer<byte[]>> ReadAsync(ModelFile file, long offset, int count) => RunAsync("read", file, () => Kernel.Files.ReadAsync(Process, file, offset, count));

    public Task<Answer<long>> WriteAsync(ModelFile file, long offset, ReadOnlyMemory<byte> bytes) =>
        RunAsync("write", file, () => Kernel.Files.WriteAsync(Process, file, offset, bytes));

    /// <summary>To a file that is passed through.</summary>
    public Answer<long> Write(ModelFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        _calls++;
        _begun = history.Tick();
        return FileCalls.Write(file, offset, bytes);
    }

    public async Task<Answer<NodeAttributes>> TruncateAsync(ModelFile file, long length) =>
        Changed("ftruncate", [], await RunAsync("ftruncate", file, () => Kernel.Attributes.TruncateAsync(Process, file, length)), mustHaveChanged: false);

    public async Task<Answer<Done>> SyncAsync(ModelFile file) => Stored(file, await RunAsync("fsync", file, () => Kernel.Files.SyncAsync(Process, file)));

    public async Task<Answer<Done>> CloseAsync(ModelFile file) => Stored(file, await RunAsync("close", file, () => Kernel.Files.CloseAsync(Process, file)));

    /// <summary>An exclusive lock of the whole file, or of one of its parts.</summary>
    /// <param name="part">Number of a part that is never locked but as such.</param>
    public async Task<Answer<Done>> LockAsync(ModelFile file, bool flock, bool wait, ModelRange? range = null, int part = 0)
    {
        var answer = await RunAsync(flock ? "flock" : "lockf", file, () => Kernel.Locks.LockAsync(Process, file, exclusive: true, flock, wait, range));
        if (answer.IsOk)
        {
            history.Locks.Acquired(Kernel, file, flock, part);
        }

        return answer;
    }

    public Task<Answer<Done>> UnlockAsync(ModelFile file, bool flock, ModelRange? range = null, int part = 0)
    {
        history.Locks.GivenUp(file, flock, part);
        return RunAsync("unlock", file, () => Kernel.Locks.UnlockAsync(Process, file, flock, range));
    }

    /// <summary>As afsx asks for it, by way of the daemon and not of the kernel.</summary>
    public async Task<Answer<Done>> SetAclAsync(FileName[] path, IReadOnlyList<WireAclEntry> entries)
    {
        OperationId operation = default;
        var answer = await RunAsync("acl set", path, async () => await Kernel.SetAclAsync(Process, path, entries, asked => operation = asked));
        if (answer.IsOk)
        {
            history.Answered(Kernel, [operation], () => $"acl set of '{string.Join('/', path)}'", mustHaveChanged: true);
        }

        return answer;
    }

    private Answer<Done> Stored(ModelFile file, Answer<Done> answer)
    {
        if (!answer.IsOk)
        {
            history.WriterFailed(Kernel, file.Inode.Attributes.Inode);
        }

        return Changed("store", [], answer, mustHaveChanged: false);
    }

    private Task<Answer<T>> RunAsync<T>(string call, ModelFile file, Func<Task<Answer<T>>> work) => RunAsync(call, [], work, file.Inode.Attributes.Inode);

    private async Task<Answer<T>> RunAsync<T>(string call, FileName[] path, Func<Task<Answer<T>>> work, ulong open = 0)
    {
        Process.Changes.Clear();
        Process.Looked.Clear();
        _calls++;
        var begun = history.Tick();
        _underWay = (call, simulator.Elapsed);
        var answer = await work();
        _underWay = null;
        _begun = begun;
        var end = history.Tick();
        simulator.Trace.Add(((ulong)answer.Error << 56) ^ (ulong)begun);
        simulator.Trace.Note(simulator.Now, Kernel.Machine, () => $"program {Process.Pid}: {call} '{string.Join('/', path)}' = {(answer.IsOk ? answer.Value : answer.Error)} [{begun}-{end}]");
        Refused(call, path, open, answer.Error);
        return answer;
    }

    private void Refused(string call, FileName[] path, ulong open, AfsError error)
    {
        switch (error)
        {
            case AfsError.NotFound:
                history.RefusalSeen(Kernel, _begun, Process.Looked, exists: false, Own());
                break;
            case AfsError.Exists:
                history.RefusalSeen(Kernel, _begun, Process.Looked, exists: true, Own());
                break;
            case AfsError.AccessDenied:
                history.Rights.MayLack(Kernel, _begun, Process.Uid, Process.Looked, () => $"{call} of '{string.Join('/', path)}'");
                break;
            case AfsError.Corrupted:
                history.DamageSeen(Kernel, _begun, Process.Looked, open, () => $"{call} of '{string.Join('/', path)}'");
                break;
            case AfsError.Internal or AfsError.Protocol or AfsError.BadHandle or AfsError.Unavailable or AfsError.Deadlock:
                history.Defect(Kernel, $"{call} of '{string.Join('/', path)}' ended with {error}, which no program should see");
                break;
        }
    }

    private Answer<T> Changed<T>(string call, FileName[] path, Answer<T> answer, bool mustHaveChanged = true)
    {
        if (answer.IsOk)
        {
            history.Answered(Kernel, Own(), () => $"{call} of '{string.Join('/', path)}'", mustHaveChanged);
        }

        return answer;
    }

    private List<OperationId> Own() => Process.Changes.ConvertAll(request => Kernel.OperationOf(request));

    private void Saw(in Answer<NodeAttributes> answer)
    {
        if (answer.IsOk)
        {
            var a = answer.Value;
            history.StatusSeen(Kernel, _begun, new NodeAttributesSeen(a.Inode, a.Kind, a.Length, a.Mode, a.LinkCount, a.Uid, a.ModifyTime));
        }
    }
}
