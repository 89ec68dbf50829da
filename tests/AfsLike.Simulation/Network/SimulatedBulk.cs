using AfsLike.Common.Model;
using AfsLike.Simulation.World;
using AfsLike.Venus.Cache;

namespace AfsLike.Simulation.Network;

/// <summary>
/// Bulk transfers as HttpBulkTransfer makes them: each on a connection of its own, begun anew when that breaks, for a minute, as long as each attempt may take.
/// Chance breaks one in some hundreds, and flips a bit in as many.
/// </summary>
public sealed class SimulatedBulk(Simulator simulator, SimulatedNetwork network, SimulatedProcess client, Machine server) : IBulkTransfer
{
    private static readonly TimeSpan RetryFor = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly SeededRandom _chance = simulator.Chance.Fork($"bulk {client.Number}");
    private readonly HashSet<ulong> _damaged = [];
    private readonly Link _there = network.Link(client.Machine, server);
    private readonly Link _back = network.Link(server, client.Machine);

    /// <summary>One transfer in so many breaks; 0: none does.</summary>
    public int BreaksOneIn { get; init; } = 300;

    public int AtOnce => ChunkWork.MostAtOnce;

    public async Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel)
    {
        var bytes = await AgainAsync(0, service => service.GetAsync(client.Machine.Name, ticket, chunk), cancel);
        if (bytes.Length != buffer.Length)
        {
            throw new AfsException(AfsError.Protocol, $"chunk {chunk} came with {bytes.Length} bytes, and should have {buffer.Length}");
        }

        bytes.CopyTo(buffer);
        Damage(chunk, buffer);
    }

    public async Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel)
    {
        var sent = bytes.ToArray(); // what a mapping writes meanwhile goes along in the world too: but then the checksum does not match
        await AgainAsync(
            sent.Length,
            async service =>
            {
                await service.PutAsync(client.Machine.Name, ticket, chunk, sent, checksum);
                return ReadOnlyMemory<byte>.Empty;
            },
            cancel);
    }

    private async Task<ReadOnlyMemory<byte>> AgainAsync(int size, Func<IBulkService, Task<ReadOnlyMemory<byte>>> work, CancellationToken cancel)
    {
        var began = simulator.Elapsed;
        while (true)
        {
            var answer = new TaskCompletionSource<ReadOnlyMemory<byte>?>();
            await using var given = cancel.UnsafeRegister(static (state, token) => ((TaskCompletionSource<ReadOnlyMemory<byte>?>)state!).TrySetCanceled(token), answer);
            simulator.After(AttemptLimit, () => answer.TrySetException(
                new AfsException(AfsError.TimedOut, "the server did not answer a transfer of bulk data in time")));
            Attempt(size, work, answer);
            if (await answer.Task is { } bytes)
            {
                return bytes;
            }

            if (simulator.Elapsed - began + Pause > RetryFor)
            {
                throw new AfsException(AfsError.TimedOut, "the server cannot be reached for bulk data");
            }

            await Task.Delay(Pause, client.Machine.Time, cancel);
        }
    }

    private void Attempt(int size, Func<IBulkService, Task<ReadOnlyMemory<byte>>> work, TaskCompletionSource<ReadOnlyMemory<byte>?> answer)
    {
        var breaks = BreaksOneIn > 0 && _chance.OneIn(BreaksOneIn);
        network.Carry(_there, size, () =>
        {
            if (!server.IsOn)
            {
                return;
            }

            if (network.ListenerOf(server) is { } listener && !(breaks && _chance.OneIn(2)))
            {
                ServeAsync(listener, work, answer, breaks);
            }
            else
            {
                network.Carry(_back, 0, () => answer.TrySetResult(null));
            }
        });
    }

    private async void ServeAsync(
        Listener listener, Func<IBulkService, Task<ReadOnlyMemory<byte>>> work, TaskCompletionSource<ReadOnlyMemory<byte>?> answer, bool breaks)
    {
        try
        {
            var bytes = await listener.ServeAsync(work, lost: () => answer.TrySetResult(null));
            network.Carry(_back, bytes.Length, () => answer.TrySetResult(breaks ? default(ReadOnlyMemory<byte>?) : bytes));
        }
        catch (AfsException refused)
        {
            network.Carry(_back, 0, () => answer.TrySetException(refused));
        }
    }

    /// <summary>
    /// TLS would notice; memory, and the disks of routers' caches, would not. Never twice running in one chunk: what is damaged again and again is told as damage, rightly, and no
    /// program expects it here.
    /// </summary>
    private void Damage(ulong chunk, Memory<byte> bytes)
    {
        if (BreaksOneIn > 0 && bytes.Length > 0 && _chance.OneIn(BreaksOneIn) && _damaged.Add(chunk))
        {
            bytes.Span[_chance.Next(bytes.Length)] ^= (byte)(1 << _chance.Next(8));
        }
        else
        {
            _damaged.Remove(chunk);
        }
    }
}
