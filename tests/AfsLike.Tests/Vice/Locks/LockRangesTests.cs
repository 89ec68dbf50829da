using AfsLike.Common.Model;

namespace AfsLike.Tests.Vice.Locks;

/// <summary>What one owner has of one file, against a byte-by-byte model of it.</summary>
public sealed class LockRangesTests
{
    private const int Bytes = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranges_are_what_was_said_of_each_byte_last(int seed)
    {
        var random = new Random(seed);
        var ranges = new LockRanges();
        var model = new bool?[Bytes];
        for (var i = 0; i < 2_000; i++)
        {
            var start = random.Next(Bytes);
            var end = random.Next(start, Bytes);
            bool? kind = random.Next(3) switch { 0 => null, 1 => false, _ => true };
            Array.Fill(model, kind, start, end - start + 1);
            if (kind is { } exclusive)
            {
                ranges.Set(new LockRange(exclusive, (ulong)start, (ulong)end));
            }
            else
            {
                ranges.Clear((ulong)start, (ulong)end);
            }

            Assert.Equal(model, Enumerable.Range(0, Bytes).Select(at => KindAt(ranges, (ulong)at)));
            Assert.All(ranges.All.Zip(ranges.All.Skip(1)), static pair =>
                Assert.True(pair.First.End < pair.Second.Start && (pair.First.End + 1 < pair.Second.Start || pair.First.Exclusive != pair.Second.Exclusive)));
            var (from, to, wanted) = (random.Next(Bytes), 0, random.Next(2) == 0);
            to = random.Next(from, Bytes);
            var covered = model[from..(to + 1)].All(byteKind => wanted ? byteKind == true : byteKind is not null);
            Assert.Equal(covered, ranges.Covers(new LockRange(wanted, (ulong)from, (ulong)to)));
        }
    }

    [Fact]
    public void The_last_byte_there_is_can_be_locked()
    {
        var ranges = new LockRanges();
        ranges.Set(new LockRange(true, 0, ulong.MaxValue));
        ranges.Clear(10, 19);
        Assert.Equal([new LockRange(true, 0, 9), new LockRange(true, 20, ulong.MaxValue)], ranges.All);
        ranges.Set(new LockRange(true, 10, 19));
        Assert.Equal([new LockRange(true, 0, ulong.MaxValue)], ranges.All);
        ranges.Clear(0, ulong.MaxValue);
        Assert.True(ranges.IsEmpty);
    }

    private static bool? KindAt(LockRanges ranges, ulong at) => ranges.All.Where(range => range.Meets(at, at)).Select(static range => (bool?)range.Exclusive).SingleOrDefault();
}
