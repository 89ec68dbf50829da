using AfsLike.Vice.Admin;
using AfsLike.Vice.Locks;
using AfsLike.Vice.Storage;

namespace AfsLike.Tests.Vice.Locks;

/// <summary>Who is believed after a start of the server, and what has to be on disk before anybody gets a lock.</summary>
public sealed class LockRecordsTests : IDisposable
{
    private static readonly Action s_there = static () => { };
    private static readonly LockClient s_one = new("one", 1);
    private static readonly LockClient s_other = new("other", 2);

    private readonly MemoryOrderedStore _store = new();
    private TaskCompletionSource _grace = new();
    private LockRecords _records;

    public LockRecordsTests() => _records = Restarted(graceIsOver: true);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Who_may_have_a_lock_is_believed_in_the_grace_after_a_start_and_nobody_else()
    {
        await _records.ReadyAsync(s_one, s_there);
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one));
        Assert.False(_records.Believes(s_other));
        _grace.SetResult();
        Assert.False(_records.Believes(s_one));
    }

    [Fact]
    public async Task Who_was_silent_in_a_grace_is_not_believed_after_the_next_start_once_another_may_have_a_lock()
    {
        await _records.ReadyAsync(s_one, s_there);
        Restarted(graceIsOver: true);
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one)); // nobody has had a lock since
        Restarted(graceIsOver: true);
        await _records.ReadyAsync(s_other, s_there);
        Restarted(graceIsOver: false);
        Assert.False(_records.Believes(s_one));
        Assert.True(_records.Believes(s_other));
    }

    /// <summary>Who holds nothing has nothing to say at a connection.</summary>
    [Fact]
    public async Task Who_was_silent_in_a_grace_and_asks_for_a_lock_after_it_is_believed_after_the_next_start()
    {
        await _records.ReadyAsync(s_one, s_there);
        Restarted(graceIsOver: true);
        await _records.ReadyAsync(s_one, s_there);
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one));
    }

    [Fact]
    public async Task Who_has_lost_something_is_not_believed_before_he_has_heard_of_it()
    {
        await _records.ReadyAsync(s_one, s_there);
        Restarted(graceIsOver: true);
        await _records.SpokenAsync(s_one, holds: true, hasLost: true);
        await _records.ReadyAsync(s_other, s_there);
        Restarted(graceIsOver: false);
        Assert.False(_records.Believes(s_one));
        await _records.SpokenAsync(s_one, holds: false, hasLost: false);
        _grace.SetResult();
        await _records.ReadyAsync(s_one, s_there); // he asks for a new one
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one));
    }

    [Fact]
    public async Task Who_finds_all_of_his_locks_again_is_believed_after_the_next_start_too()
    {
        await _records.SpokenAsync(s_one, holds: true, hasLost: false);
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one));
        await _records.SpokenAsync(s_one, holds: true, hasLost: false);
        _grace.SetResult();
        await _records.ReadyAsync(s_other, s_there);
        Restarted(graceIsOver: false);
        Assert.True(_records.Believes(s_one));
    }

    private LockRecords Restarted(bool graceIsOver)
    {
        _grace = new TaskCompletionSource();
        if (graceIsOver)
        {
            _grace.SetResult();
        }

        return _records = new LockRecords(new RememberedSessions(new CellStore(_store)), () => _grace.Task);
    }
}
