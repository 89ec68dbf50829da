using System.Globalization;
using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;

namespace AfsLike.Tests.Vice.Login;

public sealed class UserSlotsTests
{
    private readonly UserSlots _slots = new();

    [Fact]
    public void A_slot_in_use_outlives_any_number_of_others()
    {
        var alice = Bind("alice", 7);
        for (var job = 0; job < 3 * UserSlots.Most; job++)
        {
            Bind(string.Create(CultureInfo.InvariantCulture, $"job {job}"), 8);
            Assert.Equal(new UserId(7), _slots.Resolve(alice, 0).User);
        }

        Assert.Equal(UserSlots.Most, _slots.Count);
    }

    [Fact]
    public void A_slot_that_was_replaced_is_gone_and_one_of_somebody_else_is_not()
    {
        var (alice, bob) = (Bind("alice", 7), Bind("bob", 8));
        _slots.Release(alice, new UserId(7));
        _slots.Release(bob, new UserId(7));
        Assert.Equal(AfsError.NoToken, Assert.Throws<AfsException>(() => _slots.Resolve(alice, 0)).Error);
        Assert.Equal(new UserId(8), _slots.Resolve(bob, 0).User);
    }

    [Fact]
    public void The_same_token_has_the_same_slot_and_another_one_another()
    {
        Assert.Equal(Bind("alice", 7), Bind("alice", 7));
        Assert.NotEqual(Bind("alice", 7), Bind("alice, later", 7));
    }

    private uint Bind(string token, uint user) => _slots.Bind(
        Encoding.UTF8.GetBytes(token), new Token(new UserId(user), token, false, 0, 100, "", ""), new Principal(new UserId(user), true, false));
}
