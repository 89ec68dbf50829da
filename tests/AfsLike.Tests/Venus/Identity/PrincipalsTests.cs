using AfsLike.Common.Model;
using AfsLike.Venus.Identity;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Venus.Identity;

public sealed class PrincipalsTests
{
    private const uint Uid = 1000;

    private readonly Principals _principals = new(new FakeTimeProvider());

    [Fact]
    public void A_new_token_of_the_same_user_takes_the_place_of_the_one_before()
    {
        _principals.Put(Of(Uid, slot: 1, user: 7));
        for (var job = 0; job < 100; job++)
        {
            Assert.False(_principals.Put(Of(Uid, slot: 1, user: 7)));
        }

        Assert.Single(_principals.Bound);
    }

    [Fact]
    public void Who_was_logged_in_before_somebody_else_stays_bound_for_what_is_open()
    {
        _principals.Put(Of(Uid, slot: 1, user: 7));
        Assert.True(_principals.Put(Of(Uid, slot: 2, user: 8)));
        Assert.Equal(new UserId(8), _principals.Of(Uid).User);
        Assert.Equal([2u, 1u], _principals.Bound.Select(static login => login.Slot));
    }

    [Fact]
    public void A_uid_without_a_token_or_with_one_run_out_is_nobody()
    {
        Assert.True(_principals.Of(Uid).IsNobody);
        _principals.Put(Of(Uid, slot: 1, user: 7) with { Expires = _principals.Now - 1 });
        Assert.True(_principals.Of(Uid).IsNobody);
        Assert.True(_principals.RemoveExpired());
        Assert.Empty(_principals.Bound);
    }

    [Fact]
    public void Users_are_shown_as_the_uid_that_logged_in_first_and_others_as_numbers_of_their_own()
    {
        _principals.Put(Of(Uid, slot: 1, user: 7));
        _principals.Put(Of(Principals.ForeignUids + 7, slot: 2, user: 7));
        Assert.Equal(Uid, _principals.UidOf(new UserId(7)));
        Assert.Equal(Principals.ForeignUids + 9, _principals.UidOf(new UserId(9)));
        Assert.Equal(new UserId(9), _principals.UserOf(Principals.ForeignUids + 9));
    }

    private Login Of(uint uid, uint slot, uint user) =>
        new(uid, uid, slot, new UserId(user), "somebody", false, _principals.Now + 1_000_000_000, default);
}
