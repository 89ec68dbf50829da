using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>stat, chmod, utimes, truncate, access, readlink and xattrs.</summary>
internal sealed class AttributeCalls(ModelKernel kernel, InodeCache cache, Upcalls upcalls, PathWalk walk)
{
    public Task<Answer<NodeAttributes>> StatAsync(ModelProcess process, IReadOnlyList<FileName> path) =>
        OfPathAsync(process, path, inode => GetAsync(process, inode));

    public Task<Answer<NodeAttributes>> ChangeAsync(ModelProcess process, IReadOnlyList<FileName> path, AttributeChange change) =>
        OfPathAsync(process, path, inode => SetAsync(process, inode, null, change));

    public Task<Answer<NodeAttributes>> TruncateAsync(ModelProcess process, ModelFile file, long length) =>
        SetAsync(process, file.Inode, file, new AttributeChange { Length = length });

    public Task<Answer<(ulong Inode, Done Done)>> AccessAsync(ModelProcess process, IReadOnlyList<FileName> path, AccessModes modes) =>
        WithInodeAsync(process, path, inode => upcalls.AskAsync("ACCESS", process, async (daemon, _, caller, cancel) =>
        {
            await daemon.Tree.AccessAsync(caller, inode.Id, modes, cancel);
            return (Answer<Done>)default(Done);
        }));

    public Task<Answer<(ulong Inode, ReadOnlyMemory<byte> Target)>> ReadLinkAsync(ModelProcess process, IReadOnlyList<FileName> path) =>
        WithInodeAsync(process, path, inode => upcalls.AskAsync("READLINK", process, async (daemon, _, caller, cancel) =>
            (Answer<ReadOnlyMemory<byte>>)await daemon.Tree.ReadLinkAsync(caller, inode.Id, cancel)));

    public Task<Answer<(ulong Inode, ReadOnlyMemory<byte> Value)>> GetXattrAsync(ModelProcess process, IReadOnlyList<FileName> path, ReadOnlyMemory<byte> name) =>
        WithInodeAsync(process, path, inode => upcalls.AskAsync("GETXATTR", process, async (daemon, _, caller, cancel) =>
            (Answer<ReadOnlyMemory<byte>>)await daemon.Tree.GetXattrAsync(caller, inode.Id, name, cancel)));

    /// <param name="value">Null removes it.</param>
    public Task<Answer<(ulong Inode, Done Done)>> SetXattrAsync(
        ModelProcess process, IReadOnlyList<FileName> path, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte>? value) =>
        WithInodeAsync(process, path, async inode =>
        {
            using (await inode.Lock.ExclusiveAsync())
            {
                return await upcalls.AskAsync(
                    "SETXATTR", process, async (daemon, _, caller, cancel) =>
                    {
                        await (value is { } bytes
                            ? daemon.Tree.SetXattrAsync(caller, inode.Id, name, bytes, SetAttributeModes.None, cancel)
                            : daemon.Tree.RemoveXattrAsync(caller, inode.Id, name, cancel));
                        return (Answer<Done>)default(Done);
                    },
                    changes: true);
            }
        });

    /// <summary>fuse_update_get_attr: from what is held while that is valid, else what the reply says, even where that comes too late to be kept.</summary>
    internal async Task<Answer<NodeAttributes>> GetAsync(ModelProcess process, ModelInode inode)
    {
        if (inode.AttributesValid)
        {
            return inode.Attributes;
        }

        var asked = cache.Note();
        var answer = await upcalls.AskAsync("GETATTR", process, (daemon, reply, caller, cancel) => daemon.GetAttributesAsync(reply, caller, inode.Id, cancel));
        await kernel.ConsumeAsync();
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        cache.Change(inode, answer.Value.Attributes, answer.Value.AttributesValid, asked.AttributesVersion);
        return answer.Value.Attributes;
    }

    private async Task<Answer<NodeAttributes>> SetAsync(ModelProcess process, ModelInode inode, ModelFile? file, AttributeChange change)
    {
        using (await inode.Lock.ExclusiveAsync())
        {
            kernel.Writer(inode, change.Length is not null, begins: true);
            inode.LengthUnstable += change.Length is null ? 0 : 1;
            var answer = await upcalls.AskAsync(
                "SETATTR", process, (daemon, reply, caller, cancel) => daemon.SetAttributesAsync(reply, caller, inode.Id, file, change, cancel), changes: true);
            kernel.Writer(inode, change.Length is not null, begins: false);
            await kernel.ConsumeAsync();
            inode.LengthUnstable -= change.Length is null ? 0 : 1;
            if (!answer.IsOk)
            {
                if (answer.Error == AfsError.Interrupted)
                {
                    inode.AttributesValid = false;
                }

                return answer.Error;
            }

            cache.Change(inode, answer.Value.Attributes, answer.Value.AttributesValid, 0);
            if (change.Length is { } length)
            {
                inode.Pages.Cut(length);
                await inode.Pages.DropAsync();
            }

            return answer.Value.Attributes;
        }
    }

    private async Task<Answer<(ulong Inode, T Value)>> WithInodeAsync<T>(ModelProcess process, IReadOnlyList<FileName> path, Func<ModelInode, Task<Answer<T>>> work) =>
        await OfPathAsync<(ulong, T)>(process, path, async inode =>
        {
            var answer = await work(inode);
            return answer.IsOk ? (inode.Attributes.Inode, answer.Value) : answer.Error;
        });

    private Task<Answer<T>> OfPathAsync<T>(ModelProcess process, IReadOnlyList<FileName> path, Func<ModelInode, Task<Answer<T>>> work) =>
        NameCalls.RetryAsync(async modes =>
        {
            var found = await walk.ToAsync(process, path, path.Count, modes);
            if (!found.IsOk)
            {
                return found.Error;
            }

            var answer = await work(found.Value);
            cache.Release(found.Value);
            return answer;
        });
}
