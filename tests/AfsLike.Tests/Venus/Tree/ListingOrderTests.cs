using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Venus.Tree;

public sealed class ListingOrderTests
{
    [Fact]
    public void What_stays_is_read_once_though_the_directory_has_changed_in_the_middle()
    {
        var before = Entries(Enumerable.Range(0, 1000));
        var after = Entries(Enumerable.Range(0, 2000).Where(number => number % 3 != 0));
        var first = new ListingOrder(before);
        List<FileName> read = [];
        var cookie = 0UL;
        for (var place = first.Behind(0); place < 400; place++)
        {
            (var entry, cookie) = first.At(place);
            read.Add(before[entry].Name);
        }

        var second = new ListingOrder(after);
        for (var place = second.Behind(cookie); place < second.Count; place++)
        {
            read.Add(after[second.At(place).Entry].Name);
        }

        var stayed = Enumerable.Range(0, 1000).Where(number => number % 3 != 0).Select(Name).ToList();
        Assert.All(stayed, name => Assert.Single(read, other => other.Equals(name)));
        Assert.Equal(read.Count, read.Distinct().Count());
    }

    [Fact]
    public void Cookies_rise_and_leave_room_for_what_a_front_end_adds()
    {
        var order = new ListingOrder(Entries(Enumerable.Range(0, 10_000)));
        var cookies = Enumerable.Range(0, order.Count).Select(place => order.At(place).Cookie).ToList();
        Assert.Equal(0, order.Behind(0));
        Assert.All(cookies.Zip(cookies.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        Assert.InRange(cookies[^1], 1UL, 1UL << 62);
        Assert.Equal(order.Count, order.Behind(cookies[^1]));
    }

    private static List<(FileName Name, NameFact Fact)> Entries(IEnumerable<int> numbers) => [.. numbers.Select(number => (Name(number), NameFact.Absent))];

    private static FileName Name(int number) => FileName.From($"name{number}");
}
