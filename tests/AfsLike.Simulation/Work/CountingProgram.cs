using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Work;

/// <summary>
/// Counts up a number in one of a few files that nothing else is done to, each time under a lock, while the file stays open. Some of them have one number, and are locked whole; others have several, and
/// whoever counts one locks its bytes alone, while others count its neighbours.
/// </summary>
internal sealed class CountingProgram(CheckedCalls calls, History history, Workload workload, SeededRandom chance)
{
    /// <summary>Of each kind.</summary>
    private const int Files = 3;

    /// <summary>Numbers in a file that has several.</summary>
    private const int Parts = 4;

    private ModelKernel Kernel => calls.Process.Kernel;

    public async Task CountAsync()
    {
        var place = chance.Next(3 * Files);
        var flock = place / Files == 1; // the two kinds of lock know nothing of each other
        var opened = await calls.OpenAsync([FileName.From($"number{place}")], OpenModes.Read | OpenModes.Write, create: true);
        if (!opened.IsOk)
        {
            return;
        }

        for (var left = chance.Next(1, 4); left > 0; left--)
        {
            await (place / Files == 2 ? CountPartAsync(opened.Value, chance.Next(Parts)) : CountOnceAsync(opened.Value, flock));
            if (chance.OneIn(4))
            {
                await workload.PauseAsync(chance);
            }
        }

        for (var part = 0; part < Parts; part++)
        {
            history.Locks.GivenUp(opened.Value, flock, part);
        }

        await calls.CloseAsync(opened.Value);
    }

    private Task CountPartAsync(ModelFile file, int part)
    {
        var first = (ulong)(part * sizeof(long));
        return CountOnceAsync(file, flock: false, new ModelRange(first, first + sizeof(long) - 1), part);
    }

    private async Task CountOnceAsync(ModelFile file, bool flock, ModelRange? range = null, int part = 0)
    {
        var atLeast = history.Locks.HighestOf(file, part);
        if (!(await calls.LockAsync(file, flock, wait: chance.OneIn(3), range, part)).IsOk)
        {
            return;
        }

        var at = part * sizeof(long);
        var read = await calls.ReadAsync(file, at, sizeof(long));
        if (!read.IsOk)
        {
            await calls.UnlockAsync(file, flock, range, part);
            return;
        }

        var number = read.Value.Length == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(read.Value) : 0;
        history.Locks.Read(Kernel, file, atLeast, number);
        if (chance.OneIn(8))
        {
            await workload.PauseAsync(chance);
        }

        var mapping = chance.OneIn(4) && read.Value.Length == sizeof(long) ? Kernel.Files.Map(file) : null;
        var isWritten = await WriteAsync(file, mapping, at, number + 1);
        var unlocked = await calls.UnlockAsync(file, flock, range, part);
        _ = mapping is null ? Task.CompletedTask : Kernel.Files.UnmapAsync(mapping);
        if (unlocked.IsOk && isWritten)
        {
            history.Locks.Counted(Kernel, file, number + 1, part);
        }
    }

    private async Task<bool> WriteAsync(ModelFile file, ModelMapping? mapping, long at, long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return mapping is null
            ? (await calls.WriteAsync(file, at, bytes)).IsOk
            : await Kernel.Files.WriteMappedAsync(calls.Process, mapping, at, bytes) == bytes.Length;
    }
}
