using AfsLike.Common.Model;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.World;
using AfsLike.Venus.Cache;
using AfsLike.VenusClient.Cache;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>What every disk under the cache does.</summary>
public abstract class CacheDiskContract
{
    private const string Name = "1.2.3";

    protected abstract ICacheDisk Disk { get; }

    [Fact]
    public void A_file_keeps_its_bytes_and_its_handle_through_a_rename()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write("abc"u8, 0);
        Disk.Move(CachePlace.Data, Name, CachePlace.Dirty, Name + ".4.5");
        file.Write("d"u8, 3);
        using var again = Disk.Open(CachePlace.Dirty, Name + ".4.5");
        var bytes = new byte[10];
        Assert.Equal(4, again.Read(bytes, 0));
        Assert.Equal("abcd"u8.ToArray(), bytes[..4]);
        Assert.Null(Disk.LengthOf(CachePlace.Data, Name));
        Assert.Equal(4, Disk.LengthOf(CachePlace.Dirty, Name + ".4.5"));
    }

    [Fact]
    public void A_rename_replaces_what_was_at_the_new_place_whose_handle_lives_on()
    {
        using var old = Disk.Create(CachePlace.Data, Name);
        old.Write("old"u8, 0);
        using var young = Disk.Create(CachePlace.Fetching, Name);
        Disk.Move(CachePlace.Fetching, Name, CachePlace.Data, Name);
        Assert.Equal([(Name, 0L)], Disk.List(CachePlace.Data));
        Assert.Equal(3, Disk.Measure(old).Length);
    }

    [Fact]
    public void A_write_after_a_look_shows_in_both_times()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write([1], 0);
        var before = Disk.Measure(file);
        file.Write([2], 0);
        var after = Disk.Measure(file);
        Assert.True(after.ChangeTime > before.ChangeTime && after.ModifyTime > before.ModifyTime);
    }

    [Fact]
    public void A_rename_and_a_time_set_by_hand_show_in_the_change_time()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        var first = Disk.Measure(file);
        Disk.SetModifyTime(file, 1_500_000_000_000_000_000);
        var second = Disk.Measure(file);
        Disk.Move(CachePlace.Data, Name, CachePlace.Suspect, Name);
        var third = Disk.Measure(file);
        Assert.Equal(1_500_000_000_000_000_000, third.ModifyTime);
        Assert.True(first.ChangeTime < second.ChangeTime && second.ChangeTime < third.ChangeTime);
    }

    [Fact]
    public void A_cut_file_that_grows_again_has_zeros_where_it_was_cut()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write("abcdef"u8, 0);
        file.SetLength(2);
        file.SetLength(5);
        var bytes = new byte[8];
        Assert.Equal(5, file.Read(bytes, 0));
        Assert.Equal([(byte)'a', (byte)'b', 0, 0, 0], bytes[..5]);
    }

    [Fact]
    public async Task What_does_not_match_its_checksum_is_not_written_and_what_is_read_is_hashed_with_zeros_behind_its_end()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        Assert.False(await Disk.WriteAsync(file, new byte[] { 1 }, 0, default));
        Assert.Equal(0, Disk.Measure(file).Length);
        Assert.True(await Disk.WriteAsync(file, new byte[] { 1 }, 0, Checksum.Of([1])));
        var read = await Disk.ReadAsync(file, new byte[2], 0);
        Assert.Equal(new HashedPiece(1, false, Checksum.Of([1, 0])), read);
    }

    [Fact]
    public void Data_is_found_behind_a_hole_and_not_behind_the_last_of_it()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.SetLength(1 << 20);
        file.Write([1], 1 << 19);
        Assert.InRange(Disk.NextData(file, 0) ?? -1, 1, 1 << 19);
        Assert.Null(Disk.NextData(file, (1 << 19) + (1 << 18)));
    }

    [Fact]
    public void A_deleted_file_lives_on_in_its_handle()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        Disk.Delete(CachePlace.Data, Name);
        Disk.Delete(CachePlace.Data, Name);
        file.Write([1], 0);
        Assert.Equal(1, Disk.Measure(file).Length);
        Assert.Empty(Disk.List(CachePlace.Data));
    }
}

public sealed class RealCacheDiskTests : CacheDiskContract, IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("cache-disk-test-").FullName;

    public RealCacheDiskTests() => Disk = new CacheDisk(_place);

    protected override ICacheDisk Disk { get; }

    public void Dispose() => Directory.Delete(_place, recursive: true);
}

public sealed class SimulatedCacheDiskTests : CacheDiskContract
{
    private readonly Machine _machine = new(new Simulator(1), "c1", 1, 0, 0);

    public SimulatedCacheDiskTests() => Disk = new SimulatedCacheDisk(
        new ClientDisk(_machine, new SeededRandom(1)), static (_, work) => work(), _machine.Start("venus-client"));

    protected override ICacheDisk Disk { get; }
}
