using System.Globalization;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Tests.Venus.Cache;

/// <summary>Files whose new version begins with the old one: they grow where they lie.</summary>
public sealed class GrowingTests : CacheWorld
{
    [Fact]
    public Task A_file_that_is_only_longer_grows_in_place_and_keeps_its_inode() => Run(async () =>
    {
        var bytes = Noise((4 * MiB) + 77);
        foreach (var (from, to, gets) in new[] { (10, 20, 0), (20, 100_000, 1), (100_000, 2 * MiB, 2), (2 * MiB, (4 * MiB) + 77, 3) })
        {
            var number = (ulong)to;
            Vice.Put(File(number), bytes[..from]);
            var file = await Get(File(number));
            var (backing, handle) = (file.Backing, file.Handle);
            var newer = Vice.Put(File(number), bytes[..to]);
            Vice.Seen.Clear();
            Assert.Equal(Extension.Done, await Cache.ExtendAsync(file, newer, 1, CancellationToken.None));
            Assert.Equal((backing, handle, newer.DataVersion), (file.Backing, file.Handle, file.Version));
            Assert.Equal(bytes[..to], BytesOf(file));
            Assert.Equal(newer.ModifyTime, file.Measure().ModifyTime);
            Assert.Equal(gets, Vice.Count("get"));
            Assert.Same(file, Cache.Find(file.Fid, newer.DataVersion));
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"7.{number}.2"), In("data"));
        }
    });

    [Fact]
    public Task A_file_grows_in_place_after_a_restart_too() => Run(async () =>
    {
        var bytes = Noise(4 * MiB);
        Vice.Put(File(2), bytes[..((2 * MiB) + 5)]);
        await Get(File(2));
        Stop();
        var file = await Get(File(2));
        Assert.Equal(Extension.Done, await Cache.ExtendAsync(file, Vice.Put(File(2), bytes), 1, CancellationToken.None));
        Assert.Equal(bytes, BytesOf(file));
    });

    [Fact]
    public Task A_file_that_is_longer_and_not_the_same_before_is_not_touched() => Run(async () =>
    {
        foreach (var changed in new[] { 0, MiB + 50, (2 * MiB) + 2 })
        {
            var (number, bytes) = ((ulong)changed + 2, Noise(4 * MiB));
            var before = bytes[..((2 * MiB) + 5)];
            Vice.Put(File(number), before);
            var file = await Get(File(number));
            bytes[changed] ^= 1;
            Assert.Equal(Extension.Diverged, await Cache.ExtendAsync(file, Vice.Put(File(number), bytes), 1, CancellationToken.None));
            Assert.Equal(before, BytesOf(file));
            Assert.Equal(new DataVersion(1), file.Version);
        }
    });

    [Fact]
    public Task An_extension_that_fails_leaves_the_version_that_was_there() => Run(async () =>
    {
        var bytes = Noise(4 * MiB);
        Vice.Put(File(2), bytes[..(2 * MiB)]);
        var file = await Get(File(2));
        Vice.OnTheWay = (chunk, piece) => piece.Span[0] ^= (byte)(chunk == Vice.Map(File(2))[3].Id ? 1 : 0);
        var newer = Vice.Put(File(2), bytes);
        await Assert.ThrowsAsync<AfsException>(() => Cache.ExtendAsync(file, newer, 1, CancellationToken.None));
        Assert.Equal(bytes[..(2 * MiB)], BytesOf(file));
        Assert.Same(file, Cache.Find(File(2), new DataVersion(1)));
    });
}
