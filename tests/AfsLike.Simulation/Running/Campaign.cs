// Each run has a thread of its own and knows no other; the campaign is the world's.
#pragma warning disable RS0030
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>Many seeds, a run each, on several processors: those of a range, or fresh ones until the time is over. Ends when a promise is broken.</summary>
internal sealed class Campaign(CommandLine line, Func<Simulator, RunOptions, IHistory> history)
{
    private readonly Lock _gate = new();
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private RunResult? _failed;
    private ulong _given;
    private long _runs;
    private long _operations;
    private long _compared;

    /// <summary>Null: no promise was broken.</summary>
    public RunResult? Run()
    {
        var threads = Enumerable.Range(0, line.Processors).Select(_ => new Thread(Work)).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        var used = Environment.CpuUsage.TotalTime;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_runs} runs, {_operations} operations ({_compared} of them when all was quiet) in {used.TotalSeconds:0} s of processor time, {_operations / used.TotalSeconds:0} operations/s of one processor"));
        return _failed;
    }

    private void Work()
    {
        while (NextSeed() is { } seed)
        {
            var options = line.Template with { Seed = seed };
            Report.Begin(options, line.Commit);
            var run = new OneRun(options, history);
            using var watchdog = new Watchdog(run);
            Note(run.Run());
        }
    }

    /// <summary>Null: enough.</summary>
    private ulong? NextSeed()
    {
        lock (_gate)
        {
            if (_failed is not null)
            {
                return null;
            }

            if (line.Seeds is not { } seeds)
            {
                return TimeProvider.System.GetElapsedTime(_began).TotalMinutes < line.Minutes ? FreshSeed() : null;
            }

            return _given <= seeds.Last - seeds.First ? seeds.First + _given++ : null;
        }
    }

    private void Note(RunResult result)
    {
        lock (_gate)
        {
            _runs++;
            _operations += result.Operations;
            _compared += result.Compared;
            _failed ??= result.Failure is null ? null : result;
            if (line.Seeds is not null && result.Failure is null)
            {
                Report.Trace(result);
            }
        }
    }

    private static ulong FreshSeed()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
