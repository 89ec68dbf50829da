using AfsLike.Common.Model;

namespace AfsLike.ViceServer.State;

/// <summary>Names of hosts and cells: 1 to 63 of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit.</summary>
internal static class HostName
{
    /// <summary>Throws <see cref="AfsException"/> InvalidArgument.</summary>
    public static void Check(string name)
    {
        var good = name.Length is >= 1 and <= 63
            && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.');
        if (!good)
        {
            throw new AfsException(
                AfsError.InvalidArgument,
                $"'{name}' cannot name a host or cell: 1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit at both ends");
        }
    }
}
