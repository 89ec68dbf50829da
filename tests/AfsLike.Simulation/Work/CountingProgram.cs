using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Work;

/// <summary>Counts up the number in one of a few files that nothing else is done to, each time under a lock, while the file stays open.</summary>
internal sealed class CountingProgram(CheckedCalls calls, History history, Workload workload, SeededRandom chance)
{
    private const int Files = 3;

    private ModelKernel Kernel => calls.Process.Kernel;

    public async Task CountAsync()
    {
        var place = chance.Next(2 * Files);
        var (name, flock) = (FileName.From($"number{place}"), place >= Files); // the two kinds of lock know nothing of each other
        var opened = await calls.OpenAsync([name], OpenModes.Read | OpenModes.Write, create: true);
        if (!opened.IsOk)
        {
            return;
        }

        for (var left = chance.Next(1, 4); left > 0; left--)
        {
            await CountOnceAsync(opened.Value, flock);
            if (chance.OneIn(4))
            {
                await workload.PauseAsync(chance);
            }
        }

        history.Locks.GivenUp(opened.Value, flock);
        await calls.CloseAsync(opened.Value);
    }

    private async Task CountOnceAsync(ModelFile file, bool flock)
    {
        var atLeast = history.Locks.HighestOf(file);
        if (!(await calls.LockAsync(file, flock, wait: chance.OneIn(3))).IsOk)
        {
            return;
        }

        var read = await calls.ReadAsync(file, 0, sizeof(long));
        if (read.IsOk)
        {
            var number = read.Value.Length == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(read.Value) : 0;
            history.Locks.Read(Kernel, file, atLeast, number);
            if (chance.OneIn(8))
            {
                await workload.PauseAsync(chance);
            }

            var bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number + 1);
            var written = calls.Write(file, 0, bytes);
            if ((await calls.UnlockAsync(file, flock)).IsOk && written.IsOk)
            {
                history.Locks.Counted(Kernel, file, number + 1);
            }
        }
        else
        {
            await calls.UnlockAsync(file, flock);
        }
    }
}
