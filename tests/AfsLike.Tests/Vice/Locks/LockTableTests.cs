using AfsLike.Common.Model;
using AfsLike.Vice.Locks;

namespace AfsLike.Tests.Vice.Locks;

/// <summary>Who gets a lock, who waits, who loses one.</summary>
public sealed class LockTableTests
{
    private static readonly Fid s_file = new(new VolumeId(1), new VnodeId(2));
    private static readonly Fid s_other = new(new VolumeId(1), new VnodeId(3));

    private readonly LockTable _table = new();
    private readonly List<Granted> _granted = [];

    [Fact]
    public void Shared_locks_go_together_and_an_exclusive_one_goes_alone_where_they_meet()
    {
        Assert.True(Has("a", Shared(0, 9)));
        Assert.True(Has("b", Shared(5, 20)));
        Assert.False(Has("c", Exclusive(0, 4)));
        Assert.True(Has("c", Exclusive(21, 30)));
        Assert.True(Has("a", Exclusive(0, 4)));
        Assert.False(Has("a", Exclusive(0, 5)));
        Assert.True(Has("a", Shared(0, 9))); // what it has stands in nobody's own way
    }

    [Fact]
    public void Those_who_wait_are_served_in_order_each_when_nothing_held_is_in_its_way()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Wait("b", Exclusive(5, 5), 1);
        Wait("c", Shared(0, 3), 2);
        Wait("d", Shared(0, 9), 3);
        Unlock("a", 0, 4);
        Assert.Equal([2UL], Tickets());
        Unlock("a", 5, 9);
        Assert.Equal([1UL], Tickets());
        Unlock("b", 0, 100);
        Assert.Equal([3UL], Tickets());
        Unlock("c", 0, 100);
        Unlock("d", 0, 100);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void A_lock_made_shared_lets_those_in_who_wait_to_share()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Wait("b", Shared(0, 9), 1);
        Assert.True(Has("a", Shared(0, 9)));
        Assert.Equal([1UL], Tickets());
    }

    [Fact]
    public void A_wait_that_is_asked_for_twice_is_one_and_a_cancelled_one_none()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Wait("b", Exclusive(0, 9), 1);
        Wait("b", Exclusive(0, 9), 1);
        Wait("c", Exclusive(0, 9), 1);
        _table.Cancel(Owner("c"), s_file, 1);
        Unlock("a", 0, 9);
        Assert.Equal([1UL], Tickets());
        Assert.True(Has("b", Exclusive(0, 9))); // the answer was lost
        Unlock("b", 0, 9);
        Assert.Equal((0, 0), (Tickets().Count, _table.Count));
    }

    [Fact]
    public void Who_would_wait_for_himself_is_told_so()
    {
        Assert.True(Has("a", Exclusive(0, 0)));
        Assert.True(Has("b", Exclusive(1, 1)));
        Assert.Null(_table.Set(Owner("c"), s_other, 1, Exclusive(0, 0), null, _granted));
        Wait("a", Exclusive(1, 1), 1);
        Assert.NotNull(_table.Set(Owner("b"), s_other, 1, Shared(0, 0), 2, _granted));
        Assert.Equal(AfsError.Deadlock, Assert.Throws<AfsException>(() => Wait("c", Shared(0, 0), 3)).Error);
        Wait("d", Shared(0, 0), 4);
        _table.Unlock(Owner("c"), s_other, 0, 0, _granted);
        Assert.Equal([2UL], Tickets());
    }

    [Fact]
    public void The_two_kinds_know_nothing_of_each_other_and_flock_gives_up_the_old_lock_first()
    {
        var (one, other) = (Owner("a") with { WholeFile = true }, Owner("b") with { WholeFile = true });
        Assert.True(Has("c", Exclusive(0, ulong.MaxValue)));
        Assert.Null(_table.Set(one, s_file, 1, Shared(0, ulong.MaxValue), null, _granted));
        Assert.Null(_table.Set(other, s_file, 1, Shared(0, ulong.MaxValue), null, _granted));
        Assert.NotNull(_table.Set(one, s_file, 1, Exclusive(0, ulong.MaxValue), 1, _granted));
        Assert.NotNull(_table.Set(other, s_file, 1, Exclusive(0, ulong.MaxValue), null, _granted));
        Assert.Equal([1UL], Tickets());
    }

    [Fact]
    public void A_client_that_is_gone_keeps_its_locks_until_somebody_wants_them()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        _table.Expire(Client("a"), _granted);
        Assert.Empty(Reclaim("a", anew: false, ("a", Exclusive(0, 9))));
        Assert.False(Has("b", Shared(0, 0)));
        _table.Expire(Client("a"), _granted);
        Assert.True(Has("b", Shared(0, 0)));
        Assert.Equal([0], Reclaim("a", anew: false, ("a", Exclusive(0, 9))));
        Assert.False(_table.HasAny(Client("a"), s_file));
    }

    [Fact]
    public void Who_waits_for_a_client_gets_the_lock_when_that_is_gone()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Wait("b", Shared(0, 9), 7);
        _table.Expire(Client("a"), _granted);
        Assert.Equal([7UL], Tickets());
        Assert.False(_table.HasAny(Client("a"), s_file));
    }

    [Fact]
    public void What_a_client_does_not_name_is_given_up_and_after_a_start_what_it_names_is_had_again()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Assert.True(Has("a", Shared(20, 29)));
        Wait("b", Shared(0, 4), 1);
        Wait("b", Exclusive(25, 25), 2);
        Assert.Empty(Reclaim("a", anew: false, ("a", Exclusive(5, 9)), ("a", Shared(20, 29))));
        Assert.Equal([1UL], Tickets());
        Assert.Equal([1], Reclaim("c", anew: true, ("c", Exclusive(40, 49)), ("c", Exclusive(9, 9))));
        Assert.Equal([0], Reclaim("d", anew: false, ("d", Exclusive(60, 69))));
    }

    [Fact]
    public void One_client_may_not_have_locks_without_end()
    {
        for (var i = 0UL; i < LockTable.PerClient; i++)
        {
            Assert.Null(_table.Set(Owner("a"), s_file, 1, Exclusive(2 * i, 2 * i), null, _granted));
        }

        Assert.Equal(AfsError.NoLocks, Assert.Throws<AfsException>(() => Has("a", Exclusive(1_000_001, 1_000_001))).Error);
        Assert.True(Has("b", Exclusive(1_000_001, 1_000_001)));
    }

    [Fact]
    public void A_file_is_left_to_the_only_client_that_locks_it_and_what_that_returns_is_what_it_holds()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Assert.True(Has("b", Shared(20, 29)));
        Assert.False(_table.TryDelegate(Client("a"), s_file));
        Unlock("b", 0, 100);
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        Assert.Equal(Client("a"), _table.DelegateOf(s_file));
        Assert.Throws<InvalidOperationException>(() => Has("b", Shared(50, 50)));
        Return("b", Shared(0, 0));
        Return("a", Shared(5, 5));
        Assert.Null(_table.DelegateOf(s_file));
        Assert.True(Has("b", Shared(0, 9)));
        Assert.False(Has("b", Exclusive(5, 5)));
        Return("a", Exclusive(100, 100)); // once more: it decides no more
        Assert.False(Has("b", Exclusive(5, 5)));
    }

    [Fact]
    public void Who_has_decided_nothing_keeps_what_it_had_and_who_holds_nothing_is_forgotten()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        _table.Return(Client("a"), s_file, held: null, _granted);
        Assert.False(Has("b", Shared(0, 0)));
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        Return("a");
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Who_has_decided_itself_is_believed_when_it_is_back_unless_it_was_gone_and_another_came()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        _table.Expire(Client("a"), _granted);
        Assert.True(_table.HasAny(Client("a"), s_file));
        Assert.Empty(Reclaim("a", anew: false, ("a", Shared(50, 59))));
        Assert.True(Has("b", Exclusive(0, 9)));
        Assert.False(Has("b", Exclusive(55, 55)));
        Unlock("b", 0, 100);
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        _table.Expire(Client("a"), _granted);
        Assert.True(Has("b", Exclusive(55, 55)));
        Assert.False(_table.HasAny(Client("a"), s_file));
        Assert.Equal([0], Reclaim("a", anew: false, ("a", Shared(50, 59))));
    }

    [Fact]
    public void A_test_takes_nothing_from_a_client_that_is_gone_and_who_locks_takes_what_is_not_known()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Assert.Null(_table.Set(Owner("a"), s_other, 1, Exclusive(0, 9), null, _granted));
        Assert.True(_table.TryDelegate(Client("a"), s_file));
        _table.Expire(Client("a"), _granted);
        Assert.Null(_table.Find(Owner("b"), s_file, Exclusive(0, 9)));
        Assert.Null(_table.Find(Owner("b"), s_other, Exclusive(0, 9)));
        Assert.True(_table.HasAny(Client("a"), s_file));
        Assert.True(Has("b", Shared(100, 100)));
        Assert.False(_table.HasAny(Client("a"), s_file));
        Assert.True(_table.HasAny(Client("a"), s_other));
        Assert.NotNull(_table.Find(Owner("a"), s_file, Exclusive(100, 100)));
    }

    [Fact]
    public void A_file_that_others_want_too_is_left_to_nobody_for_a_while()
    {
        Assert.True(Has("a", Exclusive(0, 9)));
        Wait("b", Exclusive(0, 0), 1);
        Assert.False(_table.TryDelegate(Client("a"), s_file));
        Unlock("a", 0, 9);
        _table.Contend(s_file);
        var refused = 0;
        while (!_table.TryDelegate(Client("b"), s_file))
        {
            refused++;
        }

        Assert.InRange(refused, 1, 100);
    }

    [Fact]
    public void One_client_may_not_decide_without_end()
    {
        for (var i = 0UL; i < LockTable.DelegatedPerClient; i++)
        {
            Assert.True(Delegate(i));
        }

        Assert.False(Delegate(LockTable.DelegatedPerClient));

        bool Delegate(ulong vnode)
        {
            var file = new Fid(new VolumeId(1), new VnodeId(10 + vnode));
            Assert.Null(_table.Set(Owner("a"), file, 1, Exclusive(0, 0), null, _granted));
            return _table.TryDelegate(Client("a"), file);
        }
    }

    private static LockClient Client(string name) => new(name, 1);

    private static LockOwner Owner(string name) => new(Client(name), 1, WholeFile: false);

    private static LockRange Shared(ulong start, ulong end) => new(false, start, end);

    private static LockRange Exclusive(ulong start, ulong end) => new(true, start, end);

    private bool Has(string owner, LockRange range) => _table.Set(Owner(owner), s_file, 1, range, null, _granted) is null;

    private void Wait(string owner, LockRange range, ulong ticket) => Assert.NotNull(_table.Set(Owner(owner), s_file, 1, range, ticket, _granted));

    private void Unlock(string owner, ulong start, ulong end) => _table.Unlock(Owner(owner), s_file, start, end, _granted);

    private void Return(string client, params LockRange[] held) => _table.Return(Client(client), s_file, [.. held.Select(range => (Owner(client), 1u, range))], _granted);

    private List<int> Reclaim(string client, bool anew, params (string Owner, LockRange Range)[] held) =>
        _table.Reclaim(Client(client), [.. held.Select(one => (s_file, Owner(one.Owner), 1u, one.Range))], anew, _granted);

    private List<ulong> Tickets()
    {
        var tickets = _granted.Select(granted => granted.Ticket).ToList();
        _granted.Clear();
        return tickets;
    }
}
