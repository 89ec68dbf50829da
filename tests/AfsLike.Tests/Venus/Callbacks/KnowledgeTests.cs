using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;

namespace AfsLike.Tests.Venus.Callbacks;

/// <summary>What may be answered from, and what ends that.</summary>
public class KnowledgeTests
{
    private static readonly Fid s_fid = new(4, 19);

    private readonly Knowledge _knowledge = new();

    /// <summary>A store is under way, the session reconnects and revalidates the state before it, the store is carried out, and its reply is one that the revalidation has overtaken.</summary>
    [Fact]
    public void A_newer_status_that_may_not_be_kept_ends_the_promise_on_the_older_one()
    {
        Assert.True(_knowledge.TryLearn(Status(22), _knowledge.Breaks.Now));
        var noted = _knowledge.Breaks.Now;
        _knowledge.Breaks.AddEverything();
        Assert.False(_knowledge.TryLearn(Status(23), noted));
        Assert.False(_knowledge.Find(s_fid)!.IsPromised);
    }

    [Fact]
    public void A_status_that_says_nothing_new_leaves_the_promise_as_it_is()
    {
        Assert.True(_knowledge.TryLearn(Status(22), _knowledge.Breaks.Now));
        var noted = _knowledge.Breaks.Now;
        _knowledge.Breaks.AddEverything();
        Assert.False(_knowledge.TryLearn(Status(22), noted));
        Assert.True(_knowledge.Find(s_fid)!.IsPromised);
    }

    [Fact]
    public void A_reply_that_is_history_ends_the_promise_on_what_was_before_it()
    {
        Assert.True(_knowledge.TryLearn(Status(22), _knowledge.Breaks.Now));
        _knowledge.Disprove(Status(23));
        Assert.False(_knowledge.Find(s_fid)!.IsPromised);
        Assert.True(_knowledge.IsOutdated(Status(22)));
    }

    private static VnodeStatus Status(ulong version) => new()
    {
        Fid = s_fid,
        Kind = VnodeKind.File,
        Version = new VolumeVersion(version),
        DataVersion = new DataVersion(1),
        Length = 0,
        Mode = 0x1A4,
        Owner = new UserId(1),
        LinkCount = 1,
        ModifyTime = 1,
        ChangeTime = 1,
        AccessTime = 1,
        Parent = new Fid(4, 1),
    };
}
