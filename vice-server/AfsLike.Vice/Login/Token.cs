using AfsLike.Common.Model;

namespace AfsLike.Vice.Login;

/// <summary>
/// What a signed token says. A person's token names neither job nor host. A job's token is delegated: good for the machine the job runs on only.
/// </summary>
/// <param name="Issued">Nanoseconds since 1970, as all wall-clock times here.</param>
/// <param name="Expires">From then on it does not verify.</param>
/// <param name="Job">Name of the job it was made for, or empty.</param>
/// <param name="Host">The only host whose sessions may bind it, or empty for any.</param>
public sealed record Token(UserId User, string Name, bool Administrator, long Issued, long Expires, string Job, string Host)
{
    /// <summary>Longest validity that can be configured.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static readonly TimeSpan Default = TimeSpan.FromHours(10);
}
