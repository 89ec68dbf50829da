using System.Text;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Work;

/// <summary>
/// A program of a simulated user: one deed after the other, with pauses, in the directory that all start in. Its refusals are looked at where they are returned; it goes on whatever they are.
/// </summary>
internal sealed class UserProgram(CheckedCalls calls, History history, Workload workload, SeededRandom chance, int number)
{
    private const int LargeFile = (2 * Limits.ChunkSize) + 4321;

    private static readonly ReadOnlyMemory<byte> s_xattr = Encoding.ASCII.GetBytes("user.mark");

    private uint _writes;

    private ModelKernel Kernel => calls.Process.Kernel;

    public Task DoAsync(Deed deed) => deed switch
    {
        Deed.Stat => calls.StatAsync(Any()),
        Deed.Read => ReadWholeAsync(Any()),
        Deed.List => calls.ListAsync(Any()[..1]),
        Deed.Write => WriteAsync(Any(), OpenModes.Write | OpenModes.Truncate, map: false),
        Deed.Append => WriteAsync(Any(), OpenModes.Write | OpenModes.Append, map: false),
        Deed.MapWrite => WriteAsync(Any(), OpenModes.Read | OpenModes.Write, map: true),
        Deed.Truncate => TruncateAsync(Any()),
        Deed.CreateExclusive => CreateExclusiveAsync(Any()),
        Deed.MakeDirectory => calls.MakeAsync(AnyDirectory(), VnodeKind.Directory, 0x1ED),
        Deed.MakeSymlink => calls.MakeAsync(Any(), VnodeKind.Symlink, 0x1FF, Encoding.ASCII.GetBytes($"target{_writes++}")),
        Deed.Link => LinkAsync(),
        Deed.Remove => calls.RemoveAsync(Any(), isDirectory: false),
        Deed.RemoveDirectory => calls.RemoveAsync(AnyDirectory(), isDirectory: true),
        Deed.Rename => calls.RenameAsync(AnyOrDirectory(), AnyOrDirectory(), chance.OneIn(6) ? RenameModes.NoReplace : RenameModes.None),
        Deed.Exchange => calls.RenameAsync(AnyOrDirectory(), AnyOrDirectory(), RenameModes.Exchange),
        Deed.ChangeMode => calls.ChangeAsync(AnyOrDirectory(), new AttributeChange { Mode = chance.Of([0x1A4u, 0x1EDu, 0x1B4u, 0x1FFu]) }),
        Deed.ChangeTime => calls.ChangeAsync(Any(), new AttributeChange { ModifyTime = chance.NextInt64(1_000_000_000, 4_000_000_000_000_000_000) }),
        Deed.SetXattr => calls.SetXattrAsync(Any(), s_xattr, chance.OneIn(4) ? null : Encoding.ASCII.GetBytes($"{number}.{_writes++}")),
        Deed.GetXattr => calls.GetXattrAsync(Any(), s_xattr),
        Deed.Access => calls.AccessAsync(Any(), AccessModes.Read),
        Deed.ReadLink => calls.ReadLinkAsync(Any()),
        Deed.HoldOpen => HoldOpenAsync(Any()),
        Deed.Sync => SyncAsync(Any()),
        Deed.SetAcl => calls.SetAclAsync(Any()[..1], AnyAcl()),
        Deed.Count => new CountingProgram(calls, history, workload, chance).CountAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(deed)),
    };

    public Task GlanceAsync() => chance.OneIn(16) ? calls.ListAsync(Any()[..1]) : calls.StatAsync(Any());

    private FileName[] Any() => workload.Place.Any(chance, number);

    private FileName[] AnyDirectory() => workload.Place.AnyDirectory(chance, number);

    private FileName[] AnyOrDirectory() => chance.OneIn(5) ? AnyDirectory() : Any();

    /// <summary>Mostly what everything began with, so that work goes on.</summary>
    private WireAclEntry[] AnyAcl()
    {
        var user = CellUsers.NameOf(chance.Next(CellUsers.Count));
        return chance.Next(6) switch
        {
            0 => [Entry(SystemGroups.AuthUser, Rights.All)],
            1 => [Entry(user, Rights.All)],
            2 => [Entry(user, Rights.All), Entry(SystemGroups.AuthUser, Rights.Lookup | Rights.Read)],
            _ => [Entry(SystemGroups.AuthUser, Rights.All), Entry(SystemGroups.AnyUser, Rights.Lookup)],
        };

        static WireAclEntry Entry(string principal, Rights rights) => new() { Principal = principal, Rights = (uint)rights };
    }

    private byte[] Piece(int length) => Contents.Make((uint)number, ++_writes, length);

    private int Length() => chance.Next(workload.LargeOneIn) == 0 ? LargeFile - chance.Next(Limits.ChunkSize) : chance.OneIn(12) ? chance.Next(40_000, 120_000) : chance.Next(1, 3000);

    private async Task ReadWholeAsync(FileName[] path)
    {
        var opened = await calls.OpenAsync(path, OpenModes.Read);
        if (opened.IsOk)
        {
            var begun = calls.Begun;
            await ReadAllAsync(opened.Value, begun);
            await calls.CloseAsync(opened.Value);
        }
    }

    private async Task ReadAllAsync(ModelFile file, long begun)
    {
        var attributes = await Kernel.Files.StatAsync(calls.Process, file);
        var all = await calls.ReadAsync(file, 0, Math.Max(LargeFile, (int)(attributes.IsOk ? attributes.Value.Length : 0)) + 1);
        if (all.IsOk)
        {
            history.ContentsSeen(Kernel, begun, file.Inode.Attributes.Inode, all.Value);
        }
    }

    private async Task WriteAsync(FileName[] path, OpenModes modes, bool map)
    {
        var opened = await calls.OpenAsync(path, modes, create: !chance.OneIn(4));
        if (!opened.IsOk)
        {
            return;
        }

        var (file, begun) = (opened.Value, calls.Begun);
        for (var left = chance.Next(1, 4); left > 0; left--)
        {
            await WriteOnceAsync(file, map);
        }

        if (chance.OneIn(8))
        {
            await calls.TruncateAsync(file, chance.Next(5000));
        }

        if (map && chance.OneIn(3))
        {
            await MapOverCloseAsync(file);
            return;
        }

        await CloseAsync(file, begun);
    }

    private async Task WriteOnceAsync(ModelFile file, bool map)
    {
        var length = LocalLength(file);
        if (map && length > 0)
        {
            var mapping = Kernel.Files.Map(file);
            await Kernel.Files.WriteMappedAsync(calls.Process, mapping, chance.NextInt64(length), Piece(chance.Next(1, 300)));
            _ = Kernel.Files.UnmapAsync(mapping);
        }
        else
        {
            await calls.WriteAsync(file, chance.OneIn(3) ? chance.NextInt64(Math.Min(length, LargeFile) + 100) : length, Piece(Length()));
        }

        if (chance.OneIn(3))
        {
            await workload.PauseAsync(chance);
        }
    }

    /// <summary>What a mapping writes after the last close is stored when it goes.</summary>
    private async Task MapOverCloseAsync(ModelFile file)
    {
        var mapping = Kernel.Files.Map(file);
        await calls.CloseAsync(file);
        await workload.PauseAsync(chance);
        if (LocalLength(file) > 0)
        {
            await Kernel.Files.WriteMappedAsync(calls.Process, mapping, 0, Piece(chance.Next(1, 200)));
        }

        _ = Kernel.Files.UnmapAsync(mapping);
    }

    /// <summary>What the local file holds when close begins is what the server must have, if nobody else here writes it.</summary>
    private async Task CloseAsync(ModelFile file, long opened)
    {
        var bytes = PageCalls.Peek(file);
        var inode = file.Inode.Attributes.Inode;
        var alone = history.IsAlone(Kernel.Number, inode, opened);
        var answer = await calls.CloseAsync(file);
        if (answer.IsOk && alone && history.IsAlone(Kernel.Number, inode, opened))
        {
            history.StoreSeen(Kernel, opened, inode, bytes);
        }
    }

    private async Task TruncateAsync(FileName[] path) =>
        await calls.ChangeAsync(path, new AttributeChange { Length = chance.OneIn(2) ? chance.Next(4000) : chance.Next(200_000) });

    private async Task CreateExclusiveAsync(FileName[] path)
    {
        var opened = await calls.OpenAsync(path, OpenModes.Write | OpenModes.Exclusive, create: true);
        if (opened.IsOk)
        {
            var begun = calls.Begun;
            await calls.WriteAsync(opened.Value, 0, Piece(Length()));
            await CloseAsync(opened.Value, begun);
        }
    }

    private async Task LinkAsync()
    {
        var from = Any();
        var to = Any();
        await calls.LinkAsync(from, chance.OneIn(8) ? to : [.. from[..^1], to[^1]]); // across directories it is refused
    }

    private async Task HoldOpenAsync(FileName[] path)
    {
        var opened = await calls.OpenAsync(path, OpenModes.Read);
        if (!opened.IsOk)
        {
            return;
        }

        var watch = await OpenHandleWatch.BeginAsync(calls, history, opened.Value);
        for (var left = chance.Next(1, 4); left > 0; left--)
        {
            await workload.PauseAsync(chance);
            await watch.LookAsync();
        }

        await calls.CloseAsync(opened.Value);
    }

    private async Task SyncAsync(FileName[] path)
    {
        var opened = await calls.OpenAsync(path, OpenModes.Read | OpenModes.Write);
        if (opened.IsOk)
        {
            var begun = calls.Begun;
            await calls.WriteAsync(opened.Value, 0, Piece(Length()));
            await calls.SyncAsync(opened.Value);
            await CloseAsync(opened.Value, begun);
        }
    }

    private static long LocalLength(ModelFile file) => LocalFiles.LengthOf(file.Backing?.File ?? file.Local!);
}
