using AfsLike.Common.Model;
using AfsLike.Vice.Callbacks;
using CsCheck;

namespace AfsLike.Tests.Vice.Callbacks;

public sealed class PromiseTableTests
{
    private static readonly Fid File = new(1, 7);
    private static readonly Fid Other = new(1, 8);

    [Fact]
    public void A_break_reaches_every_holder_but_the_mutator_in_order()
    {
        var table = new PromiseTable();
        foreach (var number in new[] { 3, 1, 4, 2 })
        {
            table.Register(new Holder(number), File);
        }

        Assert.Equal([new Holder(1), new Holder(2), new Holder(4)], table.Break(File, new Holder(3)));
        Assert.True(table.Holds(new Holder(3), File));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_break_consumes_the_promise()
    {
        var table = new PromiseTable();
        table.Register(new Holder(1), File);
        Assert.Single(table.Break(File, null));
        Assert.Empty(table.Break(File, null));
        Assert.False(table.Holds(new Holder(1), File));
    }

    [Fact]
    public void A_kept_promise_is_broken_every_time_until_it_is_given_up()
    {
        var table = new PromiseTable();
        table.Register(new Holder(1), File);
        Assert.Single(table.Break(File, null, keep: true));
        Assert.Single(table.Break(File, null, keep: true));
        table.Release(new Holder(1), File, table.Now);
        Assert.Empty(table.Break(File, null, keep: true));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_promise_asked_for_anew_is_not_given_up_by_a_word_from_before()
    {
        var table = new PromiseTable();
        table.Register(new Holder(1), File);
        var sent = table.Now;
        table.Register(new Holder(1), File);
        table.Release(new Holder(1), File, sent);
        table.Release(new Holder(2), File, table.Now);
        Assert.True(table.Holds(new Holder(1), File));
    }

    [Fact]
    public void Registering_twice_is_one_promise()
    {
        var table = new PromiseTable();
        table.Register(new Holder(1), File);
        table.Register(new Holder(1), File);
        Assert.Equal(1, table.Count);
        Assert.Equal([new Holder(1)], table.Break(File, null));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Forgetting_a_holder_leaves_the_promises_of_others()
    {
        var table = new PromiseTable();
        table.Register(new Holder(1), File);
        table.Register(new Holder(1), Other);
        table.Register(new Holder(2), File);
        Assert.Equal(2, table.Forget(new Holder(1)));
        Assert.Equal([new Holder(2)], table.Break(File, null));
        Assert.Empty(table.Break(Other, null));
    }

    [Fact]
    public void Past_the_limit_the_promise_registered_longest_ago_gives_way()
    {
        var table = new PromiseTable(perHolder: 2);
        Assert.Null(table.Register(new Holder(1), File));
        Assert.Null(table.Register(new Holder(1), Other));
        Assert.Null(table.Register(new Holder(1), File)); // young again
        Assert.Equal(Other, table.Register(new Holder(1), new Fid(1, 9)));
        Assert.False(table.Holds(new Holder(1), Other));
        Assert.True(table.Holds(new Holder(1), File));
        Assert.Equal(2, table.CountOf(new Holder(1)));
    }

    [Fact]
    public void The_limit_is_each_holders_own()
    {
        var table = new PromiseTable(perHolder: 1);
        table.Register(new Holder(1), File);
        Assert.Null(table.Register(new Holder(2), File));
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void It_agrees_with_a_plain_set_of_pairs()
    {
        var step = Gen.Select(Gen.Int[0, 3], Gen.Long[1, 4], Gen.ULong[1, 5]);
        step.Array[0, 60].Sample(steps =>
        {
            var table = new PromiseTable();
            var model = new SortedSet<(Fid Fid, long Holder)>();
            foreach (var (kind, number, vnode) in steps)
            {
                var fid = new Fid(1, vnode);
                switch (kind)
                {
                    case 0 or 1:
                        table.Register(new Holder(number), fid);
                        model.Add((fid, number));
                        break;
                    case 2:
                        var broken = table.Break(fid, new Holder(number)).Select(holder => holder.Number);
                        Assert.Equal(model.Where(pair => pair.Fid == fid && pair.Holder != number).Select(pair => pair.Holder), broken);
                        model.RemoveWhere(pair => pair.Fid == fid && pair.Holder != number);
                        break;
                    default:
                        Assert.Equal(model.RemoveWhere(pair => pair.Holder == number), table.Forget(new Holder(number)));
                        break;
                }

                Assert.Equal(model.Count, table.Count);
            }
        });
    }
}
