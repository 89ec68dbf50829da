using AfsLike.Simulation.Disks;
using AfsLike.Simulation.Network;
using AfsLike.Simulation.World;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Simulation;

/// <summary>The simulated world keeps its own laws.</summary>
public sealed class WorldTests
{
    private readonly Simulator _simulator = new(7);

    [Fact]
    public void A_frozen_process_stands_still_and_does_later_what_came_meanwhile()
    {
        var process = NewMachine("c1").Start("daemon");
        var seen = new List<string>();
        _simulator.Run(async () =>
        {
            process.Freeze();
            process.Post(_ => seen.Add("first"), null);
            process.At(_simulator.Now + 1000, () => seen.Add("second"));
            await _simulator.DelayAsync(TimeSpan.FromSeconds(1));
            Assert.Empty(seen);
            process.Thaw();
            await _simulator.DelayAsync(TimeSpan.FromSeconds(1));
        });
        Assert.Equal(["first", "second"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_killed_process_does_nothing_any_more()
    {
        var process = NewMachine("c1").Start("daemon");
        var seen = 0;
        _simulator.Run(async () =>
        {
            process.Post(_ => seen++, null);
            process.Kill();
            await _simulator.DelayAsync(TimeSpan.FromSeconds(1));
        });
        Assert.Equal(0, seen);
    }

    [Fact]
    public void While_a_machine_is_suspended_its_timers_stand_still_and_its_boot_time_runs_on()
    {
        var machine = NewMachine("c1");
        var process = machine.Start("daemon");
        var (boot, rang) = (0L, 0L);
        _simulator.Run(async () =>
        {
            process.Post(
                _ =>
                {
                    boot = machine.BootTime;
                    machine.Time.CreateTimer(_ => rang = _simulator.Now, null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
                },
                null);
            await _simulator.DelayAsync(TimeSpan.FromSeconds(4));
            machine.Suspend();
            await _simulator.DelayAsync(TimeSpan.FromSeconds(100));
            machine.Resume();
            await _simulator.DelayAsync(TimeSpan.FromSeconds(7));
        });
        Assert.InRange(machine.BootTime - boot, 110_900_000_000, 111_100_000_000);
        Assert.InRange(rang, 109_900_000_000, 110_100_000_000);
    }

    [Fact]
    public void A_clock_that_runs_fast_rings_early_by_true_time()
    {
        var process = NewMachine("c1", partsPerMillion: 10_000).Start("daemon");
        var rang = 0L;
        _simulator.Run(async () =>
        {
            process.Post(_ => process.Machine.Time.CreateTimer(_ => rang = _simulator.Now, null, TimeSpan.FromSeconds(101), Timeout.InfiniteTimeSpan), null);
            await _simulator.DelayAsync(TimeSpan.FromSeconds(102));
        });
        Assert.InRange(rang, 99_990_000_000, 100_010_000_000);
    }

    [Fact]
    public void Work_that_gets_away_to_another_thread_ends_the_run()
    {
        var process = NewMachine("c1").Start("daemon");
        var failure = Assert.Throws<InvalidOperationException>(() => _simulator.Run(async () =>
        {
            var thread = new Thread(() => Record.Exception(() => process.Post(static _ => { }, null)));
            thread.Start();
            thread.Join();
            await _simulator.DelayAsync(TimeSpan.FromSeconds(1));
        }));
        Assert.Contains("another thread", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_which_everything_waits_for_nothing_says_who_waits()
    {
        var stuck = Assert.Throws<PromiseBrokenException>(() => _simulator.Run(
            () => _simulator.Spawn("reader of an empty pipe", () => new TaskCompletionSource().Task)));
        Assert.Contains("reader of an empty pipe", stuck.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_link_carries_nothing_until_it_is_healed_and_then_everything_in_order()
    {
        var (client, server) = (NewMachine("c1"), NewMachine("s1"));
        var network = new SimulatedNetwork(_simulator);
        var link = network.Link(client, server);
        var connection = new Connection(_simulator, network, client.Start("venus-client"), server.Start("vice-server"), losesOnEnd: false);
        var got = new List<byte>();
        _simulator.Run(async () =>
        {
            link.IsCut = true;
            await connection.Client.SendAsync(new byte[] { 1 });
            await connection.Client.SendAsync(new byte[] { 2 });
            await _simulator.DelayAsync(TimeSpan.FromMinutes(1));
            Assert.Empty(_simulator.Trace.Transcript.Last(10));
            link.IsCut = false;
            network.Healed();
            got.Add((await connection.Server.ReceiveAsync())!.Value.Span[0]);
            got.Add((await connection.Server.ReceiveAsync())!.Value.Span[0]);
        });
        Assert.Equal([1, 2], got);
    }

    [Fact]
    public void A_broken_connection_ends_at_both_ends_and_loses_what_was_under_way()
    {
        var network = new SimulatedNetwork(_simulator);
        var connection = new Connection(_simulator, network, NewMachine("c1").Start("venus-client"), NewMachine("s1").Start("vice-server"), losesOnEnd: false);
        _simulator.Run(async () =>
        {
            await connection.Client.SendAsync(new byte[] { 1 });
            connection.Break();
            Assert.Null(await connection.Server.ReceiveAsync());
            Assert.Null(await connection.Client.ReceiveAsync());
            await _simulator.DelayAsync(TimeSpan.FromSeconds(1));
            Assert.True(connection.HasEnded);
        });
    }

    [Fact]
    public void A_power_cut_undoes_the_last_changes_of_names_in_their_order()
    {
        var (kept, lost) = (0, 0);
        for (var seed = 0UL; seed < 50; seed++)
        {
            var machine = NewMachine("c1");
            var disk = new ClientDisk(machine, new SeededRandom(seed));
            var open = new SimulatedCacheDisk(disk, static (_, work) => work(), machine.Start("venus-client"));
            open.Create(CachePlace.Fetching, "1.2.3");
            open.Move(CachePlace.Fetching, "1.2.3", CachePlace.Data, "1.2.3");
            disk.CutPower();
            var places = new[] { CachePlace.Fetching, CachePlace.Data }.Where(place => disk.Find(place, "1.2.3") is not null).ToList();
            Assert.True(places.Count <= 1);
            (kept, lost) = places is [CachePlace.Data] ? (kept + 1, lost) : (kept, lost + 1);
        }

        Assert.True(kept > 0 && lost > 0);
    }

    [Fact]
    public void Only_the_first_write_through_a_mapping_since_a_page_was_written_back_shows_in_its_times()
    {
        var machine = NewMachine("c1");
        var disk = new SimulatedCacheDisk(new ClientDisk(machine, new SeededRandom(1)), static (_, work) => work(), machine.Start("venus-client"));
        var file = (MemoryFile)disk.Create(CachePlace.Data, "1.2.3");
        file.SetLength(8192);
        var times = new List<long> { disk.Measure(file).ChangeTime };
        foreach (var back in new[] { false, false, true })
        {
            if (back)
            {
                Assert.True(disk.WatchMappingsAsync(file).IsCompleted);
            }

            file.WriteMapped([1], 5000);
            times.Add(disk.Measure(file).ChangeTime);
        }

        Assert.True(times[1] > times[0] && times[2] == times[1] && times[3] > times[2]);
    }

    private Machine NewMachine(string name, long partsPerMillion = 0) => new(_simulator, name, name[0] == 'c' ? 1 : 2, partsPerMillion, 0);
}
