using System.Security.Cryptography;
using AfsLike.Common.Model;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;

namespace AfsLike.Tests.Vice.Login;

public sealed class TokenTests : IDisposable
{
    private readonly TokenKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private readonly Token _token = new(new UserId(7), "alice", false, 100, 200, "", "");

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_token_says_after_verification_what_was_signed()
    {
        var job = _token with { Administrator = true, Job = "c1.17", Host = "c2" };
        Assert.Equal(job, _key.Verify(_key.Sign(job), 150, "c2"));
        Assert.Equal(_token, _key.Verify(_key.Sign(_token), 150, "anywhere"));
    }

    [Fact]
    public void A_token_with_any_byte_changed_does_not_verify()
    {
        var bytes = _key.Sign(_token);
        for (var index = 0; index < bytes.Length; index++)
        {
            var forged = bytes.ToArray();
            forged[index] ^= 1;
            Refused(forged, 150, "c1");
        }
    }

    [Fact]
    public void A_token_cut_short_or_made_longer_does_not_verify()
    {
        var bytes = _key.Sign(_token);
        for (var length = 0; length < bytes.Length; length++)
        {
            Refused(bytes[..length], 150, "c1");
        }

        Refused([.. bytes, 0], 150, "c1");
        Refused(new byte[10_000], 150, "c1");
    }

    [Fact]
    public void A_token_of_another_cells_key_does_not_verify()
    {
        using var other = new TokenKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        Refused(other.Sign(_token), 150, "c1");
    }

    [Fact]
    public void A_token_is_good_until_the_moment_it_expires()
    {
        var bytes = _key.Sign(_token);
        _key.Verify(bytes, 199, "c1");
        Refused(bytes, 200, "c1");
    }

    [Fact]
    public void A_jobs_token_is_good_on_its_host_only()
    {
        var bytes = _key.Sign(_token with { Job = "c1.17", Host = "c2" });
        _key.Verify(bytes, 150, "c2");
        Refused(bytes, 150, "c1");
    }

    [Fact]
    public void The_same_token_has_the_same_slot_in_every_session()
    {
        var bytes = _key.Sign(_token);
        var alice = new Principal(new UserId(7), true, false);
        var first = new UserSlots();
        var second = new UserSlots();
        second.Bind(_key.Sign(_token with { Name = "bob" }), _token, alice);
        var slot = first.Bind(bytes, _token, alice);
        Assert.NotEqual(0u, slot);
        Assert.Equal(slot, second.Bind(bytes, _token, alice));
        Assert.Equal(alice, first.Resolve(slot, 150));
    }

    [Fact]
    public void A_slot_ends_with_its_token_and_an_unbound_one_is_nobody()
    {
        var slots = new UserSlots();
        var slot = slots.Bind(_key.Sign(_token), _token, new Principal(new UserId(7), true, false));
        Assert.Equal(AfsError.NoToken, Assert.Throws<AfsException>(() => slots.Resolve(slot, 200)).Error);
        Assert.Equal(AfsError.NoToken, Assert.Throws<AfsException>(() => slots.Resolve(slot + 1, 150)).Error);
        Assert.Equal(Principal.Anyone, slots.Resolve(0, 150));
    }

    [Fact]
    public void A_session_with_too_many_users_loses_the_one_bound_longest_ago()
    {
        var slots = new UserSlots();
        var numbers = Enumerable.Range(0, UserSlots.Most + 1)
            .Select(number => slots.Bind(BitConverter.GetBytes(number), _token, new Principal(new UserId((uint)number), true, false)))
            .ToList();
        Assert.Throws<AfsException>(() => slots.Resolve(numbers[0], 150));
        Assert.Equal(new UserId(1), slots.Resolve(numbers[1], 150).User);
        Assert.Equal(new UserId(UserSlots.Most), slots.Resolve(numbers[^1], 150).User);
    }

    private void Refused(byte[] bytes, long now, string host) =>
        Assert.Equal(AfsError.NoToken, Assert.Throws<AfsException>(() => _key.Verify(bytes, now, host)).Error);
}
