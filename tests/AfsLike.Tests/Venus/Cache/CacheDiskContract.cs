using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Simulation.Disks;
using AfsLike.Simulation.World;
using AfsLike.Venus;
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
        Assert.Equal(5000, Disk.NextHole(file, 5000));
        Assert.InRange(Disk.NextHole(file, 1 << 19), (1 << 19) + 1, (1 << 19) + (1 << 18));
        file.Write([1], (1 << 20) - 1);
        Assert.Equal(1 << 20, Disk.NextHole(file, (1 << 20) - 1));
    }

    [Fact]
    public async Task A_hole_is_zeros_within_the_length_and_shows_in_both_times()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write(Enumerable.Repeat((byte)7, 20000).ToArray(), 0);
        var before = Disk.Measure(file);
        await Disk.ClearAsync(file, 100, 9000);
        await Disk.ClearAsync(file, 19990, 1 << 20);
        var after = Disk.Measure(file);
        Assert.True(after.ChangeTime > before.ChangeTime && after.ModifyTime > before.ModifyTime);
        var bytes = new byte[20001];
        Assert.Equal(20000, file.Read(bytes, 0));
        Assert.Equal(Enumerable.Range(0, 20000).Select(static i => i is < 100 or >= 9100 and < 19990 ? (byte)7 : (byte)0), bytes[..20000]);
    }

    [Fact]
    public async Task Room_that_is_set_aside_extends_the_file_with_zeros_unless_it_is_to_keep_its_length()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write([1], 0);
        await Disk.AllocateAsync(file, 5000, 5000, keepLength: true);
        Assert.Equal(1, Disk.Measure(file).Length);
        await Disk.AllocateAsync(file, 5000, 5000, keepLength: false);
        Assert.Equal(10000, Disk.Measure(file).Length);
        await Disk.AllocateAsync(file, 0, 10, keepLength: false);
        Assert.Equal(10000, Disk.Measure(file).Length);
        var bytes = new byte[10000];
        file.Read(bytes, 0);
        Assert.Equal(1, bytes[0]);
        Assert.False(bytes.AsSpan(1).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task What_is_copied_extends_the_file_and_ends_where_the_other_one_ends()
    {
        using var from = Disk.Create(CachePlace.Data, Name);
        using var to = Disk.Create(CachePlace.Data, Name + "0");
        from.Write("abcdef"u8, 0);
        to.Write("12"u8, 0);
        Assert.Equal(4, await Disk.CopyAsync(from, 2, to, 1, 100));
        Assert.Equal(0, await Disk.CopyAsync(from, 6, to, 1, 100));
        var bytes = new byte[10];
        Assert.Equal(5, to.Read(bytes, 0));
        Assert.Equal("1cdef"u8.ToArray(), bytes[..5]);
    }

    [Fact]
    public async Task Whoever_else_can_write_counts_until_he_lets_go_and_that_is_told()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        file.Write([1], 0);
        Assert.False(Disk.HasWriters(file));
        var writer = Writer(file);
        Assert.True(Disk.HasWriters(file));
        Disk.Move(CachePlace.Data, Name, CachePlace.Dirty, Name);
        var gone = Disk.WriterGoneAsync(file, TestContext.Current.CancellationToken);
        file.Write([2], 0);
        writer.Dispose();
        await gone;
        Assert.False(Disk.HasWriters(file));
    }

    [Fact]
    public async Task Waiting_for_a_writer_to_go_can_be_given_up_and_begun_anew()
    {
        using var file = Disk.Create(CachePlace.Data, Name);
        using var enough = new CancellationTokenSource();
        var writer = Writer(file);
        var gone = Disk.WriterGoneAsync(file, enough.Token);
        await enough.CancelAsync();
        await gone;
        Assert.True(Disk.HasWriters(file));
        gone = Disk.WriterGoneAsync(file, TestContext.Current.CancellationToken);
        writer.Dispose();
        await gone;
        Assert.False(Disk.HasWriters(file));
    }

    [Fact]
    public void A_file_that_is_made_is_empty_whatever_was_deleted_before()
    {
        for (var i = 0; i < 3; i++)
        {
            using var file = Disk.Create(CachePlace.Data, $"1.2.{i}");
            Assert.Equal(0, Disk.Measure(file).Length);
            file.Write("what was in it"u8, 0);
            file.Dispose();
            Disk.Delete(CachePlace.Data, $"1.2.{i}");
            Assert.Empty(Disk.List(CachePlace.Data));
        }
    }

    /// <summary>Somebody who is not the daemon can write to the file until this is disposed.</summary>
    protected abstract IDisposable Writer(BackingFile file);

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

public sealed partial class RealCacheDiskTests : CacheDiskContract, IDisposable
{
    private readonly string _place = Directory.CreateTempSubdirectory("cache-disk-test-").FullName;

    public RealCacheDiskTests() => Disk = new CacheDisk(_place, static _ => { });

    protected override ICacheDisk Disk { get; }

    public void Dispose() => Directory.Delete(_place, recursive: true);

    [Fact]
    public void A_deleted_file_that_nobody_has_open_is_used_again_in_the_next_life_too()
    {
        Disk.Create(CachePlace.Data, "1.2.3").Dispose();
        Disk.Create(CachePlace.Data, "1.2.4").Dispose();
        Disk.Delete(CachePlace.Data, "1.2.3");
        Disk.Delete(CachePlace.Data, "1.2.4");

        Assert.Equal(2, Spare);
        Disk.Create(CachePlace.Dirty, "1.2.5.6").Dispose();
        Assert.Equal(1, Spare);
        new CacheDisk(_place, static _ => { }).Create(CachePlace.Dirty, "1.2.6.6").Dispose();
        Assert.Equal(0, Spare);
    }

    [Fact]
    public void A_deleted_file_that_a_program_has_mapped_or_open_keeps_its_bytes()
    {
        var made = (DescriptorFile)Disk.Create(CachePlace.Data, "1.2.3");
        made.Write("kept"u8, 0);
        using (var mapping = new Mapping(made))
        {
            made.Dispose();
            Disk.Delete(CachePlace.Data, "1.2.3");
            Assert.Equal((0, (byte)'k'), (Spare, mapping.First));
        }

        Disk.Create(CachePlace.Data, "1.2.3").Dispose();
        using var open = File.OpenHandle(Disk.PathOf(CachePlace.Data, "1.2.3"));
        Disk.Delete(CachePlace.Data, "1.2.3");
        Assert.Equal(0, Spare);
    }

    private int Spare => Directory.GetFiles(Path.Combine(_place, "spare")).Length;

    protected override IDisposable Writer(BackingFile file) => new Mapping((DescriptorFile)file);

    /// <summary>A shared one, whose descriptor is closed.</summary>
    private sealed partial class Mapping : IDisposable
    {
        private const int ReadAndWrite = 3;
        private const int Shared = 1;
        private readonly nint _memory;

        public Mapping(DescriptorFile file)
        {
            using var open = file.OpenForWriting();
            _memory = Map(0, 1, ReadAndWrite, Shared, (int)open.DangerousGetHandle(), 0);
            Assert.NotEqual(-1, _memory);
        }

        public byte First => Marshal.ReadByte(_memory);

        public void Dispose() => Assert.Equal(0, Unmap(_memory, 1));

        [LibraryImport("libc", EntryPoint = "mmap")]
        private static partial nint Map(nint at, nint length, int protection, int flags, int file, long offset);

        [LibraryImport("libc", EntryPoint = "munmap")]
        private static partial int Unmap(nint memory, nint length);
    }
}

public sealed class SimulatedCacheDiskTests : CacheDiskContract
{
    private readonly Machine _machine = new(new Simulator(1), "c1", 1, 0, 0);

    public SimulatedCacheDiskTests() => Disk = new SimulatedCacheDisk(
        new ClientDisk(_machine, new SeededRandom(1)), static (_, work) => work(), _machine.Start("venus-client"));

    protected override ICacheDisk Disk { get; }

    protected override IDisposable Writer(BackingFile file)
    {
        ((MemoryFile)file).Inode.AddWriter();
        return new Going(((MemoryFile)file).Inode);
    }

    private sealed class Going(Inode inode) : IDisposable
    {
        public void Dispose() => inode.RemoveWriter();
    }
}
