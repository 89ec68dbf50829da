using System.Security.Cryptography;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;

namespace AfsLike.Tests.Vice.Admin;

public sealed class InviteTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly InviteKey _key = new(RandomNumberGenerator.GetBytes(InviteKey.KeySize));

    [Fact]
    public void A_secret_is_good_until_it_runs_out()
    {
        var (secret, expires) = _key.Make(Hour, 1000, RandomNumberGenerator.Fill);
        Assert.False(_key.IsFor("c1", secret, expires - 1));
        Refused(secret, expires);
    }

    [Fact]
    public void A_secret_that_is_made_for_a_host_is_good_for_no_other()
    {
        var (secret, expires) = _key.Make(Hour, 1000, RandomNumberGenerator.Fill, "c1");
        Assert.True(_key.IsFor("c1", secret, expires - 1));
        Assert.Equal(AfsError.AccessDenied, Assert.Throws<AfsException>(() => _key.IsFor("c2", secret, 1000)).Error);
        Refused(secret, expires);
    }

    [Fact]
    public void A_secret_of_another_key_or_changed_is_refused()
    {
        var (secret, _) = _key.Make(Hour, 1000, RandomNumberGenerator.Fill);
        var other = new InviteKey(RandomNumberGenerator.GetBytes(InviteKey.KeySize)).Make(Hour, 1000, RandomNumberGenerator.Fill).Secret;
        Refused(other, 1000);
        Refused((secret[0] == 'A' ? 'B' : 'A') + secret[1..], 1000);
        Refused(secret[..^4], 1000);
        Refused("", 1000);
        Refused(new string('x', 100_000), 1000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8 * 24)]
    public void An_invitation_has_a_sensible_end(int hours) => Assert.Equal(
        AfsError.InvalidArgument,
        Assert.Throws<AfsException>(() => _key.Make(TimeSpan.FromHours(hours), 0, RandomNumberGenerator.Fill)).Error);

    [Fact]
    public void A_join_token_carries_its_four_parts()
    {
        var token = new JoinToken("cell.example", "vice:7000", new string('a', 64), "secret-_");
        Assert.Equal(token, JoinToken.Parse(token.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("afsjoin1.")]
    [InlineData("afsjoin1.???")]
    [InlineData("afsjoin1.YQpi")]
    public void Half_a_join_token_is_none(string text) =>
        Assert.Equal(AfsError.InvalidArgument, Assert.Throws<AfsException>(() => JoinToken.Parse(text)).Error);

    private void Refused(string secret, long now) =>
        Assert.Equal(AfsError.AccessDenied, Assert.Throws<AfsException>(() => _key.IsFor("c1", secret, now)).Error);
}
