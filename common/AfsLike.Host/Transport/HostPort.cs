using System.Globalization;
using AfsLike.Common.Model;

namespace AfsLike.Host.Transport;

/// <summary>HOST:PORT or ADDR:PORT; an IPv6 address stands in brackets.</summary>
public readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Throws <see cref="AfsException"/> InvalidArgument.</summary>
    public static HostPort Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? new HostPort(text[..colon].Trim('[', ']'), port)
            : throw new AfsException(AfsError.InvalidArgument, $"'{text}' is not an address; write HOST:PORT");
    }
}
