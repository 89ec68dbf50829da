namespace AfsLike.ViceServer.State;

/// <summary>server.json: what `init` was told.</summary>
/// <param name="Cell">Name of the cell.</param>
/// <param name="Host">Name of this server's host.</param>
/// <param name="Listen">ADDR:PORT.</param>
/// <param name="Advertise">HOST:PORT as machines reach it; what join tokens say.</param>
internal sealed record ServerConfiguration(string Cell, string Host, string Listen, string Advertise);
